import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";

/** A row of a plan, as far as two plans are compared: of one just made, or of one that was saved. */
export type ComparedRow = {
  readonly id: string;
  readonly model: string | null;
  readonly quality: string | null;
  readonly n: number;
  readonly size: string;
  readonly references: string;
  readonly promptTokens: number;
  readonly promptBytes: number;
  readonly priceVersion: string | null;
  /** Undefined where it is blocked: it then costs nothing. */
  readonly expected: PicoUsd | undefined;
  readonly digest: string | undefined;
};

export type RowChange = {
  readonly id: string;
  /** What changed, in words: `quality`, `prompt and n`, `blocked now` … */
  readonly cause: string;
  readonly before: ComparedRow;
  readonly after: ComparedRow;
  readonly difference: PicoUsd;
};

/** Part of the difference of two plans that has one cause. */
export type CauseSums = {
  readonly cause: string;
  readonly rows: number;
  readonly difference: PicoUsd;
};

/** What happened between two plans. The differences by cause add up to the whole one, exactly. */
export type PlanDiff = {
  readonly before: PicoUsd;
  readonly after: PicoUsd;
  readonly difference: PicoUsd;
  readonly added: readonly ComparedRow[];
  readonly removed: readonly ComparedRow[];
  /** The largest difference first, whichever way. */
  readonly changed: readonly RowChange[];
  readonly unchanged: number;
  /** The largest difference first, whichever way. */
  readonly byCause: readonly CauseSums[];
};

/** Compares two plans row by row, by their ids. */
export function diffPlans(before: readonly ComparedRow[], after: readonly ComparedRow[]): PlanDiff {
  const earlier = new Map(before.map((row) => [row.id, row]));
  const later = new Set(after.map(({ id }) => id));
  const added = after.filter(({ id }) => !earlier.has(id));
  const removed = before.filter(({ id }) => !later.has(id));
  const changed = after.flatMap((row) => {
    const old = earlier.get(row.id);
    return old === undefined ? [] : (changeOf(old, row) ?? []);
  });
  const sums = new CauseTable();
  for (const row of added) sums.add("rows added", costOf(row));
  for (const row of removed) sums.add("rows removed", subtractUsd(ZERO_USD, costOf(row)));
  for (const { cause, difference } of changed) sums.add(cause, difference);
  const [from, to] = [before, after].map((rows) =>
    rows.reduce((sum, row) => addUsd(sum, costOf(row)), ZERO_USD),
  );
  const [was, is] = [from ?? ZERO_USD, to ?? ZERO_USD];
  return {
    ...{ before: was, after: is, difference: subtractUsd(is, was), added, removed },
    changed: changed.toSorted(byDifference),
    unchanged: after.length - added.length - changed.length,
    byCause: sums.all.toSorted(byDifference),
  };
}

class CauseTable {
  readonly #sums = new Map<string, CauseSums>();

  get all(): readonly CauseSums[] {
    return [...this.#sums.values()];
  }

  add(cause: string, difference: PicoUsd): void {
    const before = this.#sums.get(cause);
    this.#sums.set(cause, {
      cause,
      rows: (before?.rows ?? 0) + 1,
      difference: addUsd(before?.difference ?? ZERO_USD, difference),
    });
  }
}

function changeOf(before: ComparedRow, after: ComparedRow): RowChange | undefined {
  const difference = subtractUsd(costOf(after), costOf(before));
  const causes = causesOf(before, after);
  const comparable = before.digest !== undefined && after.digest !== undefined;
  const asksOther = comparable && before.digest !== after.digest;
  if (causes.length === 0 && !asksOther && difference === ZERO_USD) return undefined;
  const cause = causes.length === 0 ? "words or other parameters" : joined(causes);
  return { id: after.id, cause, before, after, difference };
}

function causesOf(before: ComparedRow, after: ComparedRow): readonly string[] {
  if (before.expected !== undefined && after.expected === undefined) return ["blocked now"];
  if (before.expected === undefined && after.expected !== undefined) return ["no longer blocked"];
  const differs = (...names: readonly (keyof ComparedRow)[]): boolean =>
    names.some((name) => before[name] !== after[name]);
  const sameModel = !differs("model");
  return [
    ...(sameModel ? [] : ["model"]),
    // A model without tiers has no quality that could have changed.
    ...(differs("quality") && sameModel ? ["quality"] : []),
    ...(differs("n") ? ["n"] : []),
    ...(differs("size") ? ["size"] : []),
    ...(differs("references") ? ["references"] : []),
    ...(differs("promptTokens", "promptBytes") ? ["prompt"] : []),
    ...(differs("priceVersion") && sameModel ? ["price version"] : []),
  ];
}

function costOf({ expected }: ComparedRow): PicoUsd {
  return expected ?? ZERO_USD;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

type Different = { readonly difference: PicoUsd };

function byDifference(left: Different, right: Different): number {
  const [one, other] = [sizeOf(left), sizeOf(right)];
  return one === other ? 0 : one > other ? -1 : 1;
}

function sizeOf({ difference }: Different): PicoUsd {
  return difference < ZERO_USD ? subtractUsd(ZERO_USD, difference) : difference;
}
