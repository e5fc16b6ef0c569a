import type { EndedRow, RowState } from "../../src/ledger/runs-port.ts";

/**
 * What a run must come to, told as plainly as it can be: in whole cents, row by row and call by call, without
 * a thought for how a store keeps it.
 */

export type ModelCall = {
  readonly id: string;
  readonly row: string;
  /** How often its row had been given another intent. */
  readonly intent: number;
  readonly amount: bigint;
  state: "open" | "made" | "void";
  charge: bigint;
  exposure: bigint;
};

export type ModelRow = {
  state: RowState;
  intent: number;
  /** Held for it. */
  ceiling: bigint;
  /** The call made under its claim, or as which it ended. */
  call: string | undefined;
};

export class RunModel {
  readonly rows = new Map<string, ModelRow>();
  readonly calls: ModelCall[] = [];
  cap: bigint;

  constructor(ids: readonly string[], cap: bigint) {
    this.cap = cap;
    for (const id of ids) {
      this.rows.set(id, { state: "waiting", intent: 0, ceiling: 0n, call: undefined });
    }
  }

  row(id: string): ModelRow {
    const row = this.rows.get(id);
    if (row === undefined) throw new Error(`no row ${id}`);
    return row;
  }

  callsOf(id: string): readonly ModelCall[] {
    return this.calls.filter((call) => call.row === id);
  }

  call(id: string | undefined): ModelCall | undefined {
    return this.calls.find((call) => call.id === id);
  }

  /** Settled, held, exposed. */
  get money(): readonly [bigint, bigint, bigint] {
    return [
      sum(this.calls.map((call) => call.charge)),
      sum([...this.rows.values()].map((row) => row.ceiling)),
      sum(this.calls.map((call) => call.exposure)),
    ];
  }

  claim(id: string, ceiling: bigint): "claimed" | "cap" | "not_waiting" {
    const row = this.row(id);
    if (row.state !== "waiting") return "not_waiting";
    if (sum(this.money) + ceiling > this.cap) return "cap";
    Object.assign(row, { state: "running", ceiling, call: undefined });
    return "claimed";
  }

  /** What asking for a hold of a row under its newest intent comes to. */
  hold(call: Pick<ModelCall, "id" | "row" | "amount">): "held" | "intent" | "not_claimed" {
    const row = this.row(call.row);
    const { intent } = row;
    const before = this.callsOf(call.row).findLast((each) => each.intent === intent);
    if (before !== undefined && (before.state === "open" || leftSomething(before))) return "intent";
    if (row.state !== "running" || call.amount > row.ceiling) return "not_claimed";
    this.calls.push({ ...call, intent, state: "open", charge: 0n, exposure: 0n });
    row.call = call.id;
    return "held";
  }

  end(id: string, as: Partial<Pick<ModelCall, "charge" | "exposure">>): void {
    const call = this.call(id);
    if (call === undefined) throw new Error(`no call ${id}`);
    Object.assign(call, { state: as.charge === undefined ? "void" : "made", ...as });
    const row = this.row(call.row);
    if (row.state === "running" && row.call === id) row.ceiling = 0n;
  }

  /** What saying an end of a row comes to. */
  endRow(
    id: string,
    state: Exclude<RowState, "running">,
    said: string | undefined,
  ): EndedRow["kind"] | "bug" {
    const row = this.row(id);
    const call = said ?? row.call;
    if (row.state !== "waiting" && row.state !== "running") {
      return row.state === state && row.call === call ? "ended" : "ended_before";
    }
    const told = [row.call, call].flatMap((each) => this.call(each) ?? []);
    if (told.some((each) => each.state === "open")) return "open";
    if (state === "waiting" && told.some(leftSomething)) return "bug";
    if (state === "done" && this.call(call)?.state !== "made") return "bug";
    Object.assign(row, { state, ceiling: 0n, call: state === "waiting" ? undefined : call });
    return state === "waiting" ? "waiting" : "ended";
  }

  retry(id: string): boolean {
    const row = this.row(id);
    const isOver = row.state !== "waiting" && row.state !== "running" && row.state !== "done";
    if (!isOver || this.call(row.call)?.state === "made") return false;
    Object.assign(row, { state: "waiting", call: undefined, intent: row.intent + 1 });
    return true;
  }
}

/** A picture, its cost, or the fear of one. */
function leftSomething({ state, exposure }: ModelCall): boolean {
  return state === "made" || exposure > 0n;
}

function sum(cents: readonly bigint[]): bigint {
  return cents.reduce((total, each) => total + each, 0n);
}
