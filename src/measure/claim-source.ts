import { exactCount, exactDecimal } from "../advisor/claims/exact.ts";
import type { FigureSource, Finding, Found, Unknown } from "../advisor/claims/judge.ts";
import type { Family } from "../catalog/claims.ts";
import { type Claim, type ClaimedOrder, isNamed, type Leaf } from "../catalog/claims.ts";
import { formatUsd, parseUsd, picoUsd, sumUsd } from "../money/pico-usd.ts";
import { cellText } from "./cell.ts";
import { findCell } from "./claimed-cell.ts";
import { crossedReferences, crossedTokens } from "./claimed-crossings.ts";
import type { CellMeasured, Measured } from "./measured.ts";
import { medianLines } from "./median-lines.ts";
import type { Standard } from "./standard.ts";

/**
 * Figures of published sentences as a run measured them. What a run can't tell is unknown, with the reason: limits
 * and tiers are the catalog's own (the gate refuses before a vendor is asked), quality is for eyes.
 */

export type ClaimGiven = {
  readonly measured: Measured;
  readonly families: readonly Family[];
  readonly standard: Standard;
};

/** A source for one claim; `set` says afterwards whether a figure was used that an emulator sets freely. */
export function measuredFigures(
  claim: Claim,
  given: ClaimGiven,
): { readonly source: FigureSource; readonly setByEmulator: () => boolean } {
  let free = false;
  const { measured, families } = given;
  const note = (leaf: Leaf): void => {
    if (!measured.run.emulated || leaf.of !== "measured") return;
    if (leaf.what === "image_bytes" || leaf.what === "total_left_open") free = true;
    // Where no tokenizer is published the emulator counts words.
    if (leaf.what === "prompt_tokens") free = true;
  };
  const source: FigureSource = {
    figure: (leaf) => {
      note(leaf);
      return figureOf(leaf, claim, given);
    },
    members: (names, ids) => {
      const patterns = families
        .filter(({ name }) => names.includes(name))
        .flatMap(({ models }) => models);
      const cells = measured.cells.filter(
        ({ sweep }) => claim.sweep === undefined || sweep === claim.sweep,
      );
      const models = [...new Set(cells.map(({ cell }) => cell.model))];
      return models.filter(
        (id) => isNamed(id, patterns) && (ids === undefined || isNamed(id, ids)),
      );
    },
    fact: (of) =>
      of.kind === "billing"
        ? billingOf(of.model, of.is, measured)
        : unknown("a row of the catalog, which a run does not measure: `spotmeter rule` judges it"),
    notWorse: () => unknown("a bill says nothing about quality"),
    winner: () =>
      unknown("a table over all models, which a run does not measure: `spotmeter rule` judges it"),
  };
  return { source, setByEmulator: () => free };
}

function unknown(why: string): Unknown {
  return { kind: "unknown", why };
}

function figureOf(leaf: Leaf, claim: Claim, given: ClaimGiven): Found {
  switch (leaf.of) {
    case "limit":
      return unknown(
        `${leaf.model}: the gateway's own gate keeps this limit, so no vendor was asked`,
      );
    case "token_crossover":
      return crossedTokens(leaf, (order) => cellFor(order, claim, given));
    case "reference_crossover":
      return crossedReferences(leaf, (order) => cellFor(order, claim, given));
    case "measured":
      return answerFigure(leaf, claim, given);
    case "total":
    case "amount":
    case "quantity":
      return billFigure(leaf, cellFor(leaf.order, claim, given));
    default:
      return leaf satisfies never;
  }
}

function cellFor(order: ClaimedOrder, claim: Claim, given: ClaimGiven): CellMeasured | Unknown {
  const { measured, standard } = given;
  const found = findCell(order, { sweep: claim.sweep, measured, standard });
  if ("kind" in found) return found;
  if (found.total !== undefined) return found;
  const code = found.refused?.error?.code ?? found.last.at(-1)?.error?.code;
  return unknown(
    `${cellText(found.cell)}: ${found.refused === undefined ? "failed" : "refused by gate"} (${code ?? "not measured"})`,
  );
}

function billFigure(
  leaf: Extract<Leaf, { readonly of: "total" | "amount" | "quantity" }>,
  found: CellMeasured | Unknown,
): Found {
  if ("kind" in found) return found;
  const lines = medianLines(found);
  const wanted = leaf.of === "total" ? undefined : leaf.meters;
  const own = lines.filter(({ meter }) => wanted?.some((each) => each === meter) ?? true);
  const base = { kind: "known", name: cellText(found.cell), basis: basisOf(found) } as const;
  if (leaf.of === "quantity") {
    const count = own.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
    const working = own.length < 2 ? "" : own.map(({ quantity }) => quantity).join(" + ");
    return { ...base, value: exactCount(count), working };
  }
  const total = sumUsd(own.map(({ amount }) => parseUsd(amount)));
  const working = own.map(({ quantity, unit_price: price }) => `${quantity} x ${price}`);
  return { ...base, value: exactDecimal(formatUsd(total), "usd"), working: working.join(" + ") };
}

function basisOf({ ok }: CellMeasured): string[] {
  return ok.flatMap(({ receipt_id: receipt }) => receipt ?? []);
}

function answerFigure(
  leaf: Extract<Leaf, { readonly of: "measured" }>,
  claim: Claim,
  given: ClaimGiven,
): Found {
  const open = leaf.what === "total_left_open";
  const order = open ? { ...leaf.order, quality: undefined } : leaf.order;
  const found = cellFor(order, open ? { ...claim, sweep: "model" } : claim, given);
  if ("kind" in found) return found;
  const base = { kind: "known", working: "", basis: basisOf(found) } as const;
  const name = cellText(found.cell);
  const { sides, ok } = found;
  switch (leaf.what) {
    case "total_left_open":
      return {
        ...base,
        name: `${name}, quality left open`,
        value: exactDecimal(formatUsd(found.total?.median ?? picoUsd(0n)), "usd"),
      };
    case "cached_tokens":
      return {
        ...base,
        name: `${name}: cached tokens`,
        value: exactCount(sides?.cachedTokens ?? 0n),
      };
    case "prompt_tokens":
      return {
        ...base,
        name: `${name}: text tokens in`,
        value: exactCount(sides?.textInputTokens ?? 0n),
      };
    case "image_bytes": {
      const bytes = ok[0]?.delivered[0]?.bytes;
      if (bytes === undefined) return unknown(`${name}: the receipt names no bytes`);
      return { ...base, name: `${name}: bytes`, value: exactCount(BigInt(bytes)) };
    }
    case "http_status":
      return { ...base, name: `${name}: the gateway's status`, value: exactCount(200n) };
    default:
      return leaf.what satisfies never;
  }
}

function billingOf(model: string, is: "tokens" | "flat", measured: Measured): Finding | Unknown {
  const cell = measured.cells.find(({ cell: each, sides }) => each.model === model && sides);
  if (cell?.sides === undefined) return unknown(`${model}: not measured`);
  const flat = cell.sides.outputImages > 0n;
  const said = `${model}: billed ${flat ? "by the picture" : "by the token"}`;
  return { kind: "found", is: (is === "flat") === flat, said };
}
