import { type Claims, isNamed, type WinnerClaim } from "../../catalog/claims.ts";
import { formatUsd, ZERO_USD } from "../../money/pico-usd.ts";
import type { Candidate } from "../candidates.ts";
import type { Market } from "../market.ts";
import { STANDARD_PROMPT } from "../rule/cell-order.ts";
import { candidatesAt, decide, type Table } from "../rule/decide.ts";
import type { Finding, Unknown } from "./judge.ts";

/** Claims of who is cheapest, held against the cells of the decision table. */

/** References of which claims that name no size speak. */
const REFERENCE_SIZE = { width: 1024, height: 1024 };

type From = { readonly among: Market; readonly claims: Claims };

/** Candidates of a size and a count of references. */
type Looked = (size: string, references: number) => readonly Candidate[];

/** Says who wins the cells that a claim speaks of; several claims speak of the same cells. */
export function winnersOf(from: From): (claim: WinnerClaim) => Finding | Unknown {
  const seen = new Map<string, readonly Candidate[]>();
  const looked: Looked = (size, references) => {
    const key = `${size} ${references}`;
    const at = { size, n: 1, references, referenceSize: REFERENCE_SIZE };
    const candidates = seen.get(key) ?? candidatesAt(at, tableOf(from, "tier"));
    seen.set(key, candidates);
    return candidates;
  };
  return (claim) => winnersFinding(claim, from, looked);
}

function tableOf({ among }: From, by: Table["by"]): Table {
  return { market: among, prompt: STANDARD_PROMPT, by, allowWeakPrices: false };
}

/** Cell by cell; what is equally cheap wins too. */
function winnersFinding(claim: WinnerClaim, from: From, looked: Looked): Finding | Unknown {
  const { among, claims } = from;
  const table = tableOf(from, claim.by);
  const cells = claim.references.flatMap((references) =>
    claim.sizes.flatMap((size) => {
      const candidates = looked(size, references);
      return claim.rows.flatMap((row) => {
        const winners = cheapestOf(decide(candidates, row, table).ranked);
        const [first] = winners;
        if (first === undefined) return [];
        const fits = winners.some((each) => isMeant(each, claim, claims));
        const shown = winners.find((each) => isMeant(each, claim, claims)) ?? first;
        return [{ fits, said: cellText({ row, size, references }, shown) }];
      });
    }),
  );
  if (cells.length === 0) {
    return { kind: "unknown", why: `nothing can win ${claim.rows.join(", ")} on ${among.asOf}` };
  }
  const fitting = cells.filter(({ fits }) => fits).length;
  const is = {
    always: fitting === cells.length,
    mostly: 2 * fitting > cells.length,
    rarely: 4 * fitting <= cells.length,
    never: fitting === 0,
  }[claim.is];
  const counted = `${fitting} of ${cells.length} by ${claim.by}`;
  return { kind: "found", is, said: `${counted} (${cells.map(({ said }) => said).join("; ")})` };
}

function isMeant({ model }: Candidate, claim: WinnerClaim, claims: Claims): boolean {
  const { families, billing } = claim;
  const named = claims.families.filter(({ name }) => families?.includes(name) === true);
  if (families !== undefined && !named.some(({ models }) => isNamed(model.id, models)))
    return false;
  const isFlat = model.outputLaw.kind === "flat";
  return billing === undefined || (billing === "flat") === isFlat;
}

/** All that cost as little as the cheapest. */
function cheapestOf(ranked: readonly Candidate[]): readonly Candidate[] {
  const least = ranked[0]?.priced?.quote.expected.total;
  return ranked.filter(({ priced }) => priced?.quote.expected.total === least);
}

function cellText(
  at: { readonly row: string; readonly size: string; readonly references: number },
  { model, quality, priced }: Candidate,
): string {
  const references = at.references === 0 ? "" : ` with ${at.references}`;
  const name = quality === null ? model.id : `${model.id} ${quality}`;
  const total = formatUsd(priced?.quote.expected.total ?? ZERO_USD);
  return `${at.row} ${at.size}${references}: ${name} ${total}`;
}
