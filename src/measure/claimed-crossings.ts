import { exactCount } from "../advisor/claims/exact.ts";
import type { Found, Unknown } from "../advisor/claims/judge.ts";
import type { ClaimedOrder, Leaf } from "../catalog/claims.ts";
import {
  formatUsd,
  type PicoUsd,
  parseUsd,
  subtractUsd,
  sumUsd,
  timesUsd,
} from "../money/pico-usd.ts";
import type { CellMeasured } from "./measured.ts";
import { medianLines } from "./median-lines.ts";

/** Where an order becomes dearer than a flat one, by measured bills. */

type CellFor = (order: ClaimedOrder) => CellMeasured | Unknown;
const REFERENCES_MAX = 16;

/** Output tokens from which on the flat order is strictly cheaper: its price less the input, at the output's rate. */
export function crossedTokens(
  leaf: Extract<Leaf, { readonly of: "token_crossover" }>,
  cellFor: CellFor,
): Found {
  const [mine, flat] = [cellFor(leaf.order), cellFor(leaf.flat)];
  if ("kind" in mine) return mine;
  if ("kind" in flat) return flat;
  const output = medianLines(mine).find(({ meter }) => meter === "image_output_tokens");
  if (output === undefined || mine.sides === undefined || flat.total === undefined) {
    return { kind: "unknown", why: `${leaf.order.model}: no output tokens were billed` };
  }
  const rate = parseUsd(output.unit_price);
  const left = subtractUsd(flat.total.median, mine.sides.inputUsd);
  const working = `(${formatUsd(flat.total.median)} - ${formatUsd(mine.sides.inputUsd)}) / ${output.unit_price}, the next whole token`;
  const name = `${leaf.order.model} against ${leaf.flat.model}, output tokens from which on it is dearer`;
  return { kind: "known", name, value: exactCount(left / rate + 1n), working, basis: [] };
}

/** The first number of references, as measured, with which an order is dearer than the flat one. */
export function crossedReferences(
  leaf: Extract<Leaf, { readonly of: "reference_crossover" }>,
  cellFor: CellFor,
): Found {
  const names = `${leaf.order.model} against ${leaf.flat.model}`;
  const name = `${names}, references of ${leaf.order.referenceSize} from which on it is dearer${leaf.imageTokensAsText === true ? ", image tokens priced as text" : ""}`;
  let last = "";
  for (let references = 1; references <= REFERENCES_MAX; references += 1) {
    const mine = cellFor({ ...leaf.order, references });
    const flat = cellFor({ ...leaf.flat, references });
    if ("kind" in mine || "kind" in flat || flat.total === undefined) break;
    const cost = leaf.imageTokensAsText === true ? asText(mine) : mine.total?.median;
    if (cost === undefined) break;
    last = `${references}: ${formatUsd(cost)} against ${formatUsd(flat.total.median)}`;
    if (cost > flat.total.median) {
      const value = exactCount(BigInt(references));
      return { kind: "known", name: `${name} (${last})`, value, working: "", basis: [] };
    }
  }
  return { kind: "unknown", why: `${name}: not reached by what was measured (${last})` };
}

/** What a bill would be that mistakes image tokens for text. */
function asText(cell: CellMeasured): PicoUsd | undefined {
  const lines = medianLines(cell);
  const text = lines.find(({ meter }) => meter === "text_input_tokens");
  if (text === undefined) return undefined;
  return sumUsd(
    lines.map(({ meter, quantity, amount }) =>
      meter === "image_input_tokens"
        ? timesUsd(parseUsd(text.unit_price), BigInt(quantity))
        : parseUsd(amount),
    ),
  );
}
