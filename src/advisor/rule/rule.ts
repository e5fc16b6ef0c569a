import type { Claims } from "../../catalog/claims.ts";
import { bands } from "../../catalog/ratings.ts";
import type { Candidate } from "../candidates.ts";
import { catalogFigures } from "../claims/figures.ts";
import { type Judged, judge } from "../claims/judge.ts";
import type { Market } from "../market.ts";
import { type CellOrder, STANDARD_PROMPT } from "./cell-order.ts";
import { type Crossover, crossovers } from "./crossovers.ts";
import { type Cut, candidatesAt, type Decision, decide, type Table } from "./decide.ts";
import { among, type Chosen } from "./families.ts";

/** What a rule is asked for. */
export type RuleAsked = {
  readonly chosen: Chosen;
  readonly by: Cut;
  /** WxH or labels. */
  readonly sizes: readonly string[];
  readonly references: readonly number[];
  readonly n: readonly number[];
  readonly referenceSize: CellOrder["referenceSize"];
  /** Guessed prices, and those told by one third party alone, may win too. */
  readonly allowWeakPrices: boolean;
};

/** One cell: a row at a size, with so many references, so many times. */
export type Cell = {
  /** A band, or by tier the tier's word. */
  readonly row: string;
  readonly size: string;
  readonly references: number;
  readonly n: number;
  /** Vendor calls that the winner takes for it; null where nothing wins. */
  readonly calls: number | null;
  readonly decision: Decision;
};

/** A decision table with all that flips in it and what was published about it. */
export type Rule = {
  readonly asOf: string;
  readonly asked: RuleAsked;
  readonly cells: readonly Cell[];
  readonly crossovers: readonly Crossover[];
  readonly judged: readonly Judged[];
  /** Where the sentences that were judged stand. */
  readonly published: Pick<Claims, "title" | "source" | "saidOn">;
};

/**
 * Computes the rule of a day. It takes some tenths of a second in all: whoever has other things to do meanwhile
 * does them between its steps.
 *
 * @param market every model, as of the day.
 * @throws Refusal where none of the chosen models is in the catalog.
 */
export function* computeRule(
  asked: RuleAsked,
  { market, claims }: { readonly market: Market; readonly claims: Claims },
): Generator<undefined, Rule> {
  const chosen = among(market, asked.chosen);
  const table: Table = {
    ...{ market: chosen, prompt: STANDARD_PROMPT, by: asked.by },
    allowWeakPrices: asked.allowWeakPrices,
  };
  const rows = rowsOf(asked.by, chosen);
  const cells: Cell[] = [];
  for (const size of asked.sizes) {
    for (const n of asked.n) {
      for (const references of asked.references) {
        const at = { size, n, references, referenceSize: asked.referenceSize };
        const candidates = candidatesAt(at, table);
        cells.push(...rows.map((row) => cellOf(row, at, decide(candidates, row, table))));
        yield;
      }
    }
  }
  const found = yield* crossovers({ ...asked, market: chosen, prompt: STANDARD_PROMPT });
  const judged = asked.chosen.judges ? yield* judgeAll(claims, { market, among: chosen }) : [];
  const { title, source, saidOn } = claims;
  const published = { title, source, saidOn };
  return { asOf: market.asOf, asked, cells, crossovers: found, judged, published };
}

/** Runs all steps at once. */
export function allAtOnce<Result>(steps: Generator<undefined, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function* judgeAll(
  claims: Claims,
  of: { readonly market: Market; readonly among: Market },
): Generator<undefined, readonly Judged[]> {
  const source = catalogFigures({ ...of, claims });
  const judged: Judged[] = [];
  for (const claim of claims.claims) {
    judged.push(judge(claim, source));
    yield;
  }
  return judged;
}

function cellOf(
  row: string,
  at: Pick<Cell, "size" | "n" | "references">,
  decision: Decision,
): Cell {
  const { size, n, references } = at;
  const [winner] = decision.ranked;
  return { row, size, n, references, calls: callsOf(winner, n), decision };
}

function callsOf(winner: Candidate | undefined, n: number): number | null {
  if (winner === undefined) return null;
  return winner.priced?.accepted.order.fanOut === true ? n : 1;
}

/** The rows of a table: bands, or every word that one of the models calls a tier, cheapest first. */
function rowsOf(by: Cut, { models }: Market): readonly string[] {
  return by === "evidence" ? bands : tierWords(models);
}

/** In the order of the longest scale; words that only shorter ones have come behind. */
function tierWords(models: Market["models"]): readonly string[] {
  const scales = models
    .filter(({ priceable }) => priceable !== undefined)
    .map(({ model }) => model.capabilities.quality?.tiers ?? []);
  const longestFirst = scales.toSorted((left, right) => right.length - left.length);
  const words = [...new Set(longestFirst.flat())];
  // Without any tier there is still a cheapest.
  return words.length === 0 ? ["any"] : words;
}

/** The cheapest choice of another model than the winner's. */
export function runnerUp({ ranked }: Decision): Candidate | undefined {
  const [winner] = ranked;
  return ranked.find(({ model }) => model.id !== winner?.model.id);
}
