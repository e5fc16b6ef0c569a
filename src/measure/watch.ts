import { cellText } from "./cell.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Change } from "./diff.ts";
import type { Measured } from "./measured.ts";
import type { Result } from "./result.ts";
import { usageText } from "./sections/predicted.ts";

/** Something that somebody should look at. */
export type WatchAlert = {
  readonly kind:
    | "measurement_failed"
    | "usage_missing"
    | "law_drift"
    | "changed"
    | "new_model"
    | "not_listed"
    | "shutdown_date"
    | "shutdown_soon"
    | "list_failed"
    | "price_old";
  /** The model, or the connection for a list that can't be read. */
  readonly about: string;
  readonly message: string;
};

/** A vendor's list as `GET /admin/v1/vendor-models` tells it. */
export type VendorList = {
  readonly connection: string;
  readonly vendor: string;
  readonly status: "listed" | "failed" | "no_list_published";
  readonly error: string | null;
  readonly models: readonly {
    readonly id: string;
    readonly shutdown_date?: string | null | undefined;
    /** The catalog's row; null where it has none. */
    readonly model: string | null;
  }[];
};

export type WatchGiven = {
  readonly models: readonly Descriptor[];
  readonly lists: readonly VendorList[];
  /** Undefined where nothing was measured. */
  readonly measured: Measured | undefined;
  /** Against the last look; empty for the first. */
  readonly changes: readonly Change[];
  /** YYYY-MM-DD */
  readonly today: string;
  readonly priceAgeDays: number;
  readonly shutdownDays: number;
};

/** Everything to look at: measured first, then lists, then the catalog's own age. */
export function alertsOf(given: WatchGiven): WatchAlert[] {
  return [
    ...(given.measured?.cells.flatMap(({ last }) => last.flatMap(measuredAlerts)) ?? []),
    ...given.changes.filter(isQuiet).map(changeAlert),
    ...given.lists.flatMap((list) => listAlerts(list, given.models)),
    ...given.models
      .filter(({ available }) => available)
      .flatMap((model) => agedAlerts(model, given)),
  ];
}

/** Meters whose counts a published law foretells. Text is left out: some vendors publish no tokenizer. */
const LAWFUL = /^(image_output_tokens|image_input_tokens|output_images|reference_images)$/;

function measuredAlerts(result: Result): WatchAlert[] {
  const { cell, status, error, measured, predicted } = result;
  const about = cell.model;
  const what = cellText(cell);
  if (status !== "ok") {
    const message = `${what}: ${status}, ${error?.code ?? "no code"}: ${error?.message ?? ""}`;
    return [{ kind: "measurement_failed", about, message }];
  }
  if (measured.basis === "ceiling") {
    const message = `${what}: usage was ${measured.reason ?? "missing"}, billed at the ceiling (${measured.total} USD)`;
    return [{ kind: "usage_missing", about, message }];
  }
  const lawful = (usage: Readonly<Record<string, string>>): string =>
    usageText(Object.fromEntries(Object.entries(usage).filter(([meter]) => LAWFUL.test(meter))));
  const [expected, found] = [lawful(predicted?.usage ?? {}), lawful(measured.usage)];
  if (expected === found) return [];
  const message = `${what}: the law says ${expected}, the bill says ${found}`;
  return [{ kind: "law_drift", about, message }];
}

/** Token counts are held against the law already, and prices follow from them. */
function isQuiet({ kind }: Change): boolean {
  return kind !== "tokens" && kind !== "price" && kind !== "failure";
}

function changeAlert({ kind, model, what, before, after }: Change): WatchAlert {
  const message = `since the last look, ${kind}: ${what}: ${before} is now ${after}`;
  return { kind: "changed", about: model, message };
}

function listAlerts(list: VendorList, models: readonly Descriptor[]): WatchAlert[] {
  if (list.status === "failed") {
    const message = `the list of models can't be read: ${list.error ?? "unknown"}`;
    return [{ kind: "list_failed", about: list.connection, message }];
  }
  if (list.status === "no_list_published") return [];
  const listed = new Set(list.models.map(({ model }) => model));
  const fresh = list.models.filter(({ model }) => model === null);
  const gone = models.filter(
    ({ id, owned_by: vendor, available, shutdown_date: end }) =>
      vendor === list.vendor && available && end === null && !listed.has(id),
  );
  return [
    ...fresh.map(({ id }) => ({
      kind: "new_model" as const,
      about: id,
      message: `${list.vendor} lists it, the catalog has no row`,
    })),
    ...gone.map(({ id }) => ({
      kind: "not_listed" as const,
      about: id,
      message: `${list.vendor} does not list it; lists may lag behind what is served`,
    })),
    ...list.models.flatMap((listing) => dateAlerts(listing, models)),
  ];
}

function dateAlerts(
  { id, model, shutdown_date: date }: VendorList["models"][number],
  models: readonly Descriptor[],
): WatchAlert[] {
  const row = models.find((each) => each.id === model);
  if (row === undefined || date === undefined || date === row.shutdown_date) return [];
  const message = `${id}: the vendor's list says ${date ?? "none"}, the catalog ${row.shutdown_date ?? "none"}`;
  return [{ kind: "shutdown_date", about: row.id, message }];
}

const DAY_MS = 86_400_000;

/** Whole days from one day to another; negative when the other is earlier. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

function agedAlerts(model: Descriptor, given: WatchGiven): WatchAlert[] {
  const { id, shutdown_date: end, price } = model;
  const alerts: WatchAlert[] = [];
  const left = end === null ? undefined : daysBetween(given.today, end);
  if (end !== null && left !== undefined && left >= 0 && left <= given.shutdownDays) {
    const message = `shuts down on ${end}, in ${left} days`;
    alerts.push({ kind: "shutdown_soon", about: id, message });
  }
  const age = price === null ? 0 : daysBetween(price.checked_on, given.today);
  if (price !== null && age > given.priceAgeDays) {
    const message = `${price.price_version} was last checked on ${price.checked_on}, ${age} days ago: ${price.source}`;
    alerts.push({ kind: "price_old", about: id, message });
  }
  return alerts;
}
