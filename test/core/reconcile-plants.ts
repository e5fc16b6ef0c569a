import type { JournalCall } from "../../src/audit/reconcile/journal-call.ts";
import { formatUsd, picoUsd } from "../../src/money/pico-usd.ts";
import type { Row, Style, TrueCall } from "./planted-bill.ts";
import { exposed, FLAT, made, refusedCall, TOKENS } from "./reconcile-world.ts";

/** Makes calls, what really happened of them, and errors for their bill, each with what must be found of it. */

/** Days begin at 07:00 UTC: Pacific daylight time. */
export const ZONE = "America/Los_Angeles";
const DAYS = ["2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05", "2026-06-06", "2026-06-07"];
export const PERIOD = { from: "2026-06-01", to: "2026-06-08" };
const NOON_MS = 19 * 3_600_000;
const TEXT = { meter: "text_input_tokens", unitPico: 5_000_000n };
const IMAGE = { meter: "image_output_tokens", unitPico: 30_000_000n };
export const PICTURE = { meter: "output_images", unitPico: 50_000_000_000n };

export const PLANTS = [
  "none",
  "price_too_high",
  "line_missing",
  "line_twice",
  "other_day",
  "wrong_meter",
  "billed_though_void",
  "spent_by_another",
  "ceiling_too_high",
  "exposure_never_billed",
  "exposure_billed",
  "overrun",
] as const;
export type Plant = (typeof PLANTS)[number];

/** A model on a day: some honest calls, and at most one error. */
export type Cell = { readonly calls: number; readonly plant: Plant; readonly seed: number };

/** What was planted, as the reconciliation should say it. */
type Expected = { findings: string[]; proposals: string[]; outside: bigint };

export type World = {
  readonly style: Style;
  readonly journal: JournalCall[];
  readonly truth: TrueCall[];
  /** Applied to the finished rows, in turn. */
  readonly errors: ((rows: Row[]) => Row[])[];
  readonly expected: Expected;
  readonly planted: Plant[];
};

function endOf(day: string, offsetMs = NOON_MS): number {
  return Date.parse(`${day}T00:00:00Z`) + offsetMs;
}

type At = {
  readonly flat: boolean;
  readonly day: string;
  readonly index: number;
  readonly seed: number;
};

/** An honest call: in the journal, and so on the bill. */
function honest(world: World, at: At, of: { endedMs?: number; billedOn?: string } = {}): TrueCall {
  const { flat, day, index, seed } = at;
  const id = `rcpt_${flat ? "f" : "t"}_${day}_${index}`;
  const requestId = `req_${id}`;
  const text = BigInt(15 + ((seed * 7 + index * 3) % 40));
  const image = BigInt(196 + ((seed * 13 + index * 17) % 90));
  const price = flat ? FLAT : TOKENS;
  world.journal.push(
    made({ id, price, requestId, text, image, endedMs: of.endedMs ?? endOf(day, NOON_MS + index) }),
  );
  const used = flat
    ? [{ ...PICTURE, quantity: 1n }]
    : [
        { ...TEXT, quantity: text },
        { ...IMAGE, quantity: image },
      ];
  const model = flat ? "painter-2" : "drawer-1";
  const call = { id, requestId, model, day: of.billedOn ?? day, used };
  world.truth.push(call);
  return call;
}

const rowOf = (rows: Row[], call: TrueCall, by: Style["by"], meter: string): number =>
  rows.findIndex(
    (row) =>
      row.model === call.model &&
      row.day === call.day &&
      row.meter === meter &&
      (by === "days" || row.request === call.requestId),
  );

function changed(rows: Row[], at: number, change: (row: Row) => Row[]): Row[] {
  if (at === -1) throw new Error("no such row");
  return rows.flatMap((row, index) => (index === at ? change(row) : [row]));
}

/** Plants an error around the calls of a cell, and says what must be found. */
function plant(world: World, what: Plant, at: At, calls: readonly TrueCall[]): void {
  const {
    style: { by },
    errors,
    expected,
    journal,
    truth,
  } = world;
  const [first] = calls;
  if (first === undefined) throw new Error("a cell has a call");
  const { flat, day, seed } = at;
  const model = first.model;
  const main = flat ? PICTURE : IMAGE;
  const id = `rcpt_${flat ? "f" : "t"}_${day}_x`;
  const asked = {
    id,
    price: flat ? FLAT : TOKENS,
    requestId: `req_${id}`,
    endedMs: endOf(day, NOON_MS + 99),
  };
  const used = flat
    ? [{ ...PICTURE, quantity: 1n }]
    : [
        { ...TEXT, quantity: BigInt(60 + (seed % 20)) },
        { ...IMAGE, quantity: BigInt(150 + (seed % 100)) },
      ];
  const pico = used.reduce((sum, each) => sum + each.quantity * each.unitPico, 0n);
  const finding = (kind: string) => expected.findings.push(`${kind} ${model} ${day}`);
  const proposal = (action: string, billed: bigint) =>
    expected.proposals.push(
      `${id} ${action} ${formatUsd(picoUsd((billed * world.style.percent) / 100n))}`,
    );
  switch (what) {
    case "none":
      return;
    case "price_too_high":
      errors.push((rows) =>
        changed(rows, rowOf(rows, first, by, main.meter), (row) => [
          { ...row, pico: (row.pico * 113n) / 100n },
        ]),
      );
      finding("price_differs");
      return;
    case "line_missing":
      errors.push((rows) => changed(rows, rowOf(rows, first, by, main.meter), () => []));
      finding("ours_only");
      return;
    case "line_twice":
      errors.push((rows) => changed(rows, rowOf(rows, first, by, main.meter), (row) => [row, row]));
      finding("billed_twice");
      return;
    case "wrong_meter":
      errors.push((rows) =>
        changed(rows, rowOf(rows, first, by, main.meter), (row) => [
          { ...row, meter: flat ? "reference_images" : "text_output_tokens" },
        ]),
      );
      finding("wrong_meter");
      return;
    case "billed_though_void":
      journal.push(refusedCall(asked));
      truth.push({ id, requestId: asked.requestId, model, day, used });
      finding("billed_though_void");
      return;
    case "spent_by_another":
      truth.push({ id, requestId: "req_of_another", model, day, used });
      if (by === "days") finding("theirs_only");
      else expected.outside += (pico * world.style.percent) / 100n;
      return;
    case "exposure_never_billed":
      journal.push(exposed({ ...asked, requestId: null }));
      proposal("close", 0n);
      return;
    case "exposure_billed":
      journal.push(exposed({ ...asked, requestId: null }));
      truth.push({ id, requestId: "req_lost", model, day, used });
      proposal("close", pico);
      return;
    case "ceiling_too_high":
      // A flat model's usage is never missing here: its ceiling is exact.
      if (flat) return;
      journal.push(made(asked));
      truth.push({ id, requestId: asked.requestId, model, day, used });
      proposal("correct", pico);
      return;
    case "overrun": {
      if (flat) return;
      // 500 image tokens where 300 were the ceiling: charged 0.009425, of 0.0151 the house pays the rest.
      const over = [
        { ...TEXT, quantity: 20n },
        { ...IMAGE, quantity: 500n },
      ];
      journal.push(made({ ...asked, text: 20n, image: 500n }));
      truth.push({ id, requestId: asked.requestId, model, day, used: over });
      // 20 x 0.000005 + 500 x 0.00003 = 0.0151; above the ceiling of 0.009425 by 0.005675
      expected.proposals.push(`${id} keep 0.005675`);
      return;
    }
    default:
      // Planted where the calls of the cell are made.
      return;
  }
}

const NO_CELL: Cell = { calls: 1, plant: "none", seed: 0 };

/** Fills all cells; a call that moves to the next day leaves that day's cell without an error. */
export function build(cells: readonly (readonly [Cell, Cell])[], style: Style): World {
  const expected: Expected = { findings: [], proposals: [], outside: 0n };
  const world: World = { style, journal: [], truth: [], errors: [], expected, planted: [] };
  for (const flat of [false, true]) {
    let quiet = false;
    for (const [place, day] of DAYS.entries()) {
      const given = cells[place]?.[flat ? 1 : 0] ?? NO_CELL;
      const next = DAYS[place + 1];
      const nowhere = next === undefined && given.plant === "other_day";
      const what: Plant = quiet || nowhere ? "none" : given.plant;
      quiet = what === "other_day";
      fill(world, { ...given, plant: what }, { flat, day, next: next ?? day });
    }
  }
  return world;
}

function fill(
  world: World,
  { calls: count, plant: what, seed }: Cell,
  { flat, day, next }: { readonly flat: boolean; readonly day: string; readonly next: string },
): void {
  const calls = Array.from({ length: count }, (_, index) =>
    honest(world, { flat, day, index, seed }),
  );
  plant(world, what, { flat, day, index: 0, seed }, calls);
  // What a flat price can't have isn't planted there.
  const impossible = flat && (what === "overrun" || what === "ceiling_too_high");
  if (!impossible) world.planted.push(what);
  if (what !== "other_day") return;
  // Four minutes before the vendor's midnight, which is 07:00 UTC of the next day.
  const endedMs = endOf(day, 31 * 3_600_000 - 240_000);
  honest(world, { flat, day, index: 50, seed }, { endedMs, billedOn: next });
  // A bill by requests names it, whatever the day.
  const model = flat ? "painter-2" : "drawer-1";
  if (world.style.by === "days") world.expected.findings.push(`other_day ${model} ${day}`);
}
