import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

/**
 * What a run came to, worked out from the journal's own texts and the files alone: none of the gateway's tables, no
 * API, and none of its code is asked.
 */

const whole = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const holdText = z.looseObject({
  id: z.string(),
  request: z.looseObject({
    amount: whole,
    run: z.looseObject({ id: z.string(), row: z.string() }).optional(),
  }),
});
const endText = z.looseObject({
  hold: z.string(),
  ending: z.looseObject({ charge: whole.optional(), outcome: z.string().optional() }),
});
const exposureText = z.looseObject({ hold: z.string(), amount: whole });

/** The calls of one row. */
export type RowCalls = { charges: bigint[]; exposures: bigint[]; open: number; unspent: number };

export type JournalRun = {
  readonly rows: ReadonlyMap<string, RowCalls>;
  readonly settled: bigint;
  readonly exposed: bigint;
  /** The most that settled + held + exposed ever came to, after any entry. */
  readonly peak: bigint;
};

/** Reads every entry of a run in the order of the journal. Picodollars. */
export function readJournal(file: string, run: string): JournalRun {
  using database = new DatabaseSync(file, { readOnly: true });
  const tally = new Tally(run);
  const entries = database.prepare("SELECT kind, text FROM entries ORDER BY root, sequence");
  for (const { kind, text } of entries.iterate()) {
    tally.take(String(kind), JSON.parse(String(text)));
  }
  return tally;
}

/** Adds up entries one by one. */
class Tally implements JournalRun {
  readonly rows = new Map<string, RowCalls>();
  settled = 0n;
  exposed = 0n;
  peak = 0n;
  #held = 0n;
  readonly #run: string;
  readonly #holds = new Map<string, { readonly calls: RowCalls; readonly amount: bigint }>();

  constructor(run: string) {
    this.#run = run;
  }

  take(kind: string, value: unknown): void {
    if (kind === "hold") this.#hold(value);
    else if (kind === "settle" || kind === "void") this.#end(kind, value);
    else if (kind === "exposure") this.#expose(value);
    // A void and its exposure are one transaction: in between nothing is committed.
    const sum = this.settled + this.#held + this.exposed;
    if (sum > this.peak) this.peak = sum;
  }

  #hold(value: unknown): void {
    const { id, request } = holdText.parse(value);
    const { amount, run } = request;
    if (run?.id !== this.#run) return;
    const calls = this.rows.get(run.row) ?? { charges: [], exposures: [], open: 0, unspent: 0 };
    this.rows.set(run.row, calls);
    this.#holds.set(id, { calls, amount });
    calls.open += 1;
    this.#held += amount;
  }

  #end(kind: "settle" | "void", value: unknown): void {
    const { hold, ending } = endText.parse(value);
    const of = this.#holds.get(hold);
    if (of === undefined) return;
    of.calls.open -= 1;
    this.#held -= of.amount;
    if (kind === "void") of.calls.unspent += 1;
    else of.calls.charges.push(ending.charge ?? 0n);
    this.settled += ending.charge ?? 0n;
  }

  #expose(value: unknown): void {
    const { hold, amount } = exposureText.parse(value);
    const of = this.#holds.get(hold);
    if (of === undefined) return;
    of.calls.exposures.push(amount);
    this.exposed += amount;
  }
}

const manifestLine = z.looseObject({
  id: z.string(),
  file: z.string(),
  sha256: z.string(),
  receipt: z.string(),
  charge: z.string(),
});

/** What `manifest.jsonl` lists, each file looked at. */
export function readManifest(folder: string) {
  const lines = readFileSync(join(folder, "manifest.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => manifestLine.parse(JSON.parse(line)));
  const bad = lines.filter(({ file, sha256 }) => {
    const path = join(folder, file);
    return !existsSync(path) || sha256Of(path) !== sha256;
  });
  return {
    ids: lines.map(({ id }) => id),
    files: new Set(lines.map(({ file }) => file)).size,
    bad: bad.length,
    charged: lines.reduce((sum, { charge }) => sum + pico(charge), 0n),
  };
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** A decimal string of US dollars in picodollars, read digit by digit. */
export function pico(usd: string): bigint {
  const [units = "0", fraction = ""] = usd.split(".");
  return BigInt(units + fraction.padEnd(12, "0"));
}

/** Picodollars as people read them. */
export function usd(amount: bigint): string {
  const digits = amount.toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
}

/** Ids of `moderated.csv` or `failures.csv`, with the column `state` where there is one. */
export function readList(file: string): readonly { readonly id: string; readonly state: string }[] {
  const [header = "", ...lines] = readFileSync(file, "utf8").trimEnd().split("\r\n");
  const place = header.split(",").indexOf("state");
  return lines.map((line) => {
    const cells = line.split(",");
    return { id: cells[0] ?? "", state: place === -1 ? "moderated" : (cells[place] ?? "") };
  });
}
