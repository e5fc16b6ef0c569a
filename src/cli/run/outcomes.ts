import { csvText } from "../../http/usage/csv.ts";
import { FILES, type RunPlace } from "./place.ts";
import type { RunRowEnded } from "./wire.ts";

/** A list is written anew at most so often while a run goes on. */
const REWRITE_MS = 10_000;

/** Rows that made no picture, for whoever has to do something about them. */
export class Outcomes {
  readonly #rows = new Map<string, RunRowEnded>();
  #isFresh = true;
  #writtenMs = performance.now();

  /** Takes a row as it ended last. */
  take(row: RunRowEnded): void {
    this.#isFresh = true;
    if (row.state === "done" || isRemoved(row)) this.#rows.delete(row.id);
    else this.#rows.set(row.id, row);
  }

  /** A picture that was paid and can't be had. */
  lose(row: RunRowEnded, why: string): void {
    this.#isFresh = true;
    this.#rows.set(row.id, { ...row, code: "picture_lost", message: why });
  }

  get moderated(): number {
    return this.#moderated().length;
  }

  get failures(): number {
    return this.#rows.size - this.moderated;
  }

  /** Writes both lists, where they changed. @throws Refused */
  async write(place: RunPlace, order: ReadonlyMap<string, number>): Promise<void> {
    if (!this.#isFresh) return;
    this.#isFresh = false;
    this.#writtenMs = performance.now();
    const sorted = (rows: readonly RunRowEnded[]): readonly RunRowEnded[] =>
      rows.toSorted((left, right) => (order.get(left.id) ?? 0) - (order.get(right.id) ?? 0));
    await place.writeText(FILES.moderated, moderatedText(sorted(this.#moderated())));
    const failed = [...this.#rows.values()].filter(({ state }) => state !== "moderated");
    await place.writeText(FILES.failures, failuresText(sorted(failed)));
  }

  /** The same, at most every ten seconds. @throws Refused */
  async writeNowAndThen(place: RunPlace, order: ReadonlyMap<string, number>): Promise<void> {
    if (performance.now() - this.#writtenMs >= REWRITE_MS) await this.write(place, order);
  }

  #moderated(): readonly RunRowEnded[] {
    return [...this.#rows.values()].filter(({ state }) => state === "moderated");
  }
}

function isRemoved({ state, code }: RunRowEnded): boolean {
  return state === "skipped" && code === "removed";
}

function moderatedText(rows: readonly RunRowEnded[]): string {
  return csvText([
    ["id", "line", "categories", "code", "receipt", "message"],
    ...rows.map((row) => [
      ...[row.id, String(row.line ?? ""), (row.categories ?? []).join("; "), row.code ?? ""],
      ...[row.receipt_id ?? "", row.message ?? ""],
    ]),
  ]);
}

function failuresText(rows: readonly RunRowEnded[]): string {
  return csvText([
    ["id", "line", "state", "code", "message", "receipt", "exposure", "what_to_do"],
    ...rows.map((row) => [
      ...[row.id, String(row.line ?? ""), row.state, row.code ?? "", row.message ?? ""],
      ...[row.receipt_id ?? "", row.exposure ?? "", whatToDo(row)],
    ]),
  ]);
}

function whatToDo({ state, code }: RunRowEnded): string {
  if (code === "picture_lost") return "it is paid and the gateway has lost it; ask its operator";
  switch (state) {
    case "blocked":
      return "nothing was sent; change what the message names and run the file again";
    case "refused":
      return "the vendor refused it and nothing was charged; change the row and run the file again";
    case "failed":
      return "it was not made and nothing was charged; --retry-failed makes it again";
    case "unknown":
      return "nothing was charged, but the vendor may have made and may bill it; --retry-unknown makes it again and may pay the vendor twice";
    default:
      return "it was passed over; run the file again";
  }
}
