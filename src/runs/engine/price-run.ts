import type { Deps } from "../../gateway/deps.ts";
import { prepare } from "../../gateway/prepare.ts";
import type { PreparedFor } from "../../gateway/prepared-for.ts";
import { PictureRoom } from "../../intake/picture.ts";
import type { JsonValue } from "../../json.ts";
import type { PricedRow, Run, RunRow } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import type { RunFiles } from "../../results/run-files.ts";
import { readRowOrder } from "./row-order.ts";
import { saidOf } from "./row-verdict.ts";
import { type AskedRow, wholeOrder } from "./whole-order.ts";

/** Rows that are read, priced and written at a time. */
const PAGE = 200;
/** Of one reason why rows are blocked, so many are named. */
const NAMED = 5;
/** Reasons that a run's JSON lists. */
const REASONS_MAX = 50;

export type Pricing = {
  readonly deps: Deps;
  readonly files: RunFiles;
  readonly by: PreparedFor;
  /** Aborted when whoever asked has left. */
  readonly signal: AbortSignal;
};

/**
 * Gates and quotes every row that waits, as a request for it would be, and writes what it found: spends nothing.
 *
 * @returns rows that are blocked, by reason, most first.
 */
export async function priceRows(run: Run, pricing: Pricing): Promise<readonly JsonValue[]> {
  const { ledger } = pricing.deps;
  const blocked = new Blocked();
  let position = -1;
  for (;;) {
    const after = { position, state: "waiting" } as const;
    const rows = await ledger.rows({ run, after, limit: PAGE, withOrders: true });
    const [last] = rows.slice(-1);
    if (last === undefined || pricing.signal.aborted) return blocked.json();
    const priced: PricedRow[] = [];
    for (const row of rows) {
      priced.push(await priceRow({ run, row }, pricing, blocked));
    }
    await ledger.priceRows({ run, rows: priced });
    position = last.position;
  }
}

async function priceRow(
  { run, row }: AskedRow,
  { deps, files, by, signal }: Pricing,
  blocked: Blocked,
): Promise<PricedRow> {
  using room = new PictureRoom();
  try {
    const { order } = await wholeOrder({ run, row }, { files, room, signal }, deps);
    const { quote } = await prepare(order, by);
    const { expected, ceiling } = quote;
    return {
      row: row.row,
      quote: { images: order.n, expected: expected.total, ceiling: ceiling.total },
    };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    blocked.add(row.row, cause);
    const detail = { ...asked(row), ...saidOf(cause), ...suggested(cause) };
    return { row: row.row, quote: null, blocked: { code: cause.code, detail } };
  }
}

/** The model by the name that the row gives it. */
function asked({ order }: RunRow): { readonly model?: string } {
  const { model } = order == null ? {} : readRowOrder(order).order;
  return typeof model === "string" ? { model } : {};
}

function suggested({ details }: Refusal): { readonly suggested_model?: string } {
  const { suggestedModel } = details;
  return suggestedModel === undefined ? {} : { suggested_model: suggestedModel };
}

type Reason = {
  readonly code: string;
  readonly param: string | null;
  readonly why: string;
  rows: number;
  readonly ids: string[];
};

/** Blocked rows by reason. */
class Blocked {
  readonly #reasons = new Map<string, Reason>();

  add(row: string, { code, message, details }: Refusal): void {
    const param = details.param ?? null;
    const key = `${code} ${param} ${message}`;
    const known = this.#reasons.get(key) ?? { code, param, why: message, rows: 0, ids: [] };
    known.rows += 1;
    if (known.ids.length < NAMED) known.ids.push(row);
    this.#reasons.set(key, known);
  }

  json(): readonly JsonValue[] {
    const most = [...this.#reasons.values()].toSorted((a, b) => b.rows - a.rows);
    return most.slice(0, REASONS_MAX).map((reason) => ({ ...reason, ids: [...reason.ids] }));
  }
}
