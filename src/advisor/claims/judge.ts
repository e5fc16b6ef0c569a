import type {
  Claim,
  ClaimedOrder,
  Figure,
  Leaf,
  Predicate,
  WinnerClaim,
} from "../../catalog/claims.ts";
import { EACH } from "../../catalog/claims.ts";
import type { RatingMode } from "../../catalog/ratings.ts";
import {
  addExactly,
  compareExact,
  decimalsOf,
  divideExactly,
  type Exact,
  exactDecimal,
  exactText,
  isWithin,
  negateExactly,
  toDecimals,
} from "./exact.ts";

/**
 * Holds published sentences against figures. Where the figures come from is the caller's: a table of prices
 * (`figures.ts`), or what a measurement found. Nothing in here knows a price, and no verdict is stored.
 */

export type Verdict = "holds" | "fails" | "not_testable";

/** A sentence judged, with the arithmetic that judges it. */
export type Judged = {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** For people: every figure as it was worked out, and what it was held against. */
  readonly arithmetic: string;
  /** What the verdict rests on beside arithmetic, such as ids of price versions; each once. */
  readonly basis: readonly string[];
  /** Models that it speaks of and that can't be had on the day, each with why. */
  readonly withdrawn: readonly string[];
};

/** A figure with the way to it, or why nobody can say. */
export type Found =
  | {
      readonly kind: "known";
      readonly value: Exact;
      /** What it is a figure of; empty where the working says so. */
      readonly name: string;
      /** The way to it, without its result: `21 x 0.000005 + 196 x 0.00003`. Empty where there is none. */
      readonly working: string;
      readonly basis: readonly string[];
    }
  | Unknown;

/** Why a figure can't be had. */
export type Unknown = {
  readonly kind: "unknown";
  readonly why: string;
  /** Set where a model has been withdrawn or isn't there yet. */
  readonly withdrawn?: boolean;
};

/** What one side of a comparison found true or not, in words. */
export type Finding = { readonly kind: "found"; readonly is: boolean; readonly said: string };

/** Where the figures of claims come from. */
export type FigureSource = {
  readonly figure: (leaf: Leaf) => Found;
  /** Ids of the models of these families that can be had, those named only where names are given. */
  readonly members: (
    families: readonly string[],
    names: readonly string[] | undefined,
  ) => readonly string[];
  /** Facts of a row that are no numbers. */
  readonly fact: (
    of: Extract<Predicate, { readonly kind: "billing" | "tiers" | "label" }>,
  ) => Finding | Unknown;
  /** Whether left is rated level with right or better. */
  readonly notWorse: (
    left: ClaimedOrder,
    right: ClaimedOrder,
    mode: RatingMode,
  ) => Finding | Unknown;
  readonly winner: (claim: WinnerClaim) => Finding | Unknown;
};

/** Judges a sentence. */
export function judge(claim: Claim, source: FigureSource): Judged {
  const judged = test(claim.holdsIf, source);
  const beside = claim.shows.map((figure) => {
    const found = compute(figure, source);
    return found.kind === "unknown" ? found.why : shown(found);
  });
  return {
    claim,
    verdict: judged.verdict,
    arithmetic: [...new Set([...judged.said, ...beside])].join("; "),
    basis: [...new Set(judged.basis)],
    withdrawn: [...new Set(judged.withdrawn)],
  };
}

type Tested = {
  readonly verdict: Verdict;
  readonly said: readonly string[];
  readonly basis: readonly string[];
  readonly withdrawn: readonly string[];
};

function test(predicate: Predicate, source: FigureSource): Tested {
  switch (predicate.kind) {
    case "rounds_to":
    case "about":
    case "between":
      return held(predicate, compute(predicate.figure, source));
    case "below":
    case "equal":
      return compared(predicate, source);
    case "every":
      return everyMember(predicate, source);
    case "billing":
    case "tiers":
    case "label":
      return testedOf(source.fact(predicate));
    case "not_worse":
      return testedOf(source.notWorse(predicate.left, predicate.right, predicate.mode));
    case "winner":
      return testedOf(source.winner(predicate));
    case "all":
      return together(predicate.parts.map((part) => test(part, source)));
    default:
      return predicate satisfies never;
  }
}

/** One failure fails all; without one, whatever can't be told leaves all untold. */
function together(parts: readonly Tested[]): Tested {
  const has = (verdict: Verdict) => parts.some((part) => part.verdict === verdict);
  return {
    verdict: has("fails") ? "fails" : has("not_testable") ? "not_testable" : "holds",
    said: parts.flatMap(({ said }) => said),
    basis: parts.flatMap(({ basis }) => basis),
    withdrawn: parts.flatMap(({ withdrawn }) => withdrawn),
  };
}

function everyMember(
  { families, models, part }: Extract<Predicate, { readonly kind: "every" }>,
  source: FigureSource,
): Tested {
  const members = source.members(families, models);
  if (members.length === 0) {
    const why = `none of ${[...(models ?? families)].join(", ")} can be had`;
    return { verdict: "not_testable", said: [why], basis: [], withdrawn: [why] };
  }
  const tested = members.map((id) => ({ id, ...test(withModel(part, id), source) }));
  return { ...together(tested), said: saidAlike(tested) };
}

/** What is said of several models in the same words is said once, behind all their names. */
function saidAlike(tested: readonly (Tested & { readonly id: string })[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { id, said } of tested) {
    for (const each of new Set(said)) {
      const words = each.startsWith(`${id}: `) ? each.slice(`${id}: `.length) : each;
      names.set(words, [...(names.get(words) ?? []), id]);
    }
  }
  return [...names].map(([words, ids]) =>
    ids.length === 1 && words.includes(ids[0] ?? "") ? words : `${ids.join(", ")}: ${words}`,
  );
}

/** The predicate with `each` replaced by a model, at whatever depth. */
function withModel(part: Predicate, id: string): Predicate {
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inside]) => [
        key,
        key === "model" && inside === EACH ? id : replace(inside),
      ]),
    );
  };
  return replace(part) as Predicate;
}

function testedOf(found: Finding | Unknown): Tested {
  if (found.kind === "unknown") return untold(found);
  return {
    ...{ verdict: found.is ? "holds" : "fails", said: [found.said], basis: [], withdrawn: [] },
  };
}

function untold({ why, withdrawn }: Unknown): Tested {
  return {
    ...{ verdict: "not_testable", said: [why], basis: [] },
    withdrawn: withdrawn === true ? [why] : [],
  };
}

function held(
  predicate: Extract<Predicate, { readonly kind: "rounds_to" | "about" | "between" }>,
  found: Found,
): Tested {
  if (found.kind === "unknown") return untold(found);
  const { value, basis } = found;
  const { holds, against } = heldAgainst(predicate, value);
  const said = `${shown(found)}${against}`;
  return { verdict: holds ? "holds" : "fails", said: [said], basis, withdrawn: [] };
}

function heldAgainst(
  predicate: Extract<Predicate, { readonly kind: "rounds_to" | "about" | "between" }>,
  value: Exact,
): { readonly holds: boolean; readonly against: string } {
  switch (predicate.kind) {
    case "rounds_to": {
      const { value: text } = predicate;
      const rounded = toDecimals(value, decimalsOf(text));
      const holds = rounded === text;
      const isRounded = compareExact(value, exactDecimal(rounded, value.unit)) !== 0n;
      const against = isRounded ? `, which rounds to ${rounded}` : "";
      return { holds, against: holds ? against : `${against}, not ${text}` };
    }
    case "about": {
      const { withinPercent: percent, value: text } = predicate;
      const holds = isWithin(value, exactDecimal(text, value.unit), BigInt(percent));
      return { holds, against: `, ${holds ? "" : "not "}within ${percent} % of ${text}` };
    }
    case "between": {
      const { least, most } = predicate;
      const holds =
        compareExact(value, exactDecimal(least, value.unit)) >= 0n &&
        compareExact(value, exactDecimal(most, value.unit)) <= 0n;
      return { holds, against: `, ${holds ? "" : "not "}from ${least} to ${most}` };
    }
    default:
      return predicate satisfies never;
  }
}

function compared(
  { kind, left, right }: Extract<Predicate, { readonly kind: "below" | "equal" }>,
  source: FigureSource,
): Tested {
  const [one, other] = [compute(left, source), compute(right, source)];
  if (one.kind === "unknown") return untold(one);
  if (other.kind === "unknown") return untold(other);
  const order = compareExact(one.value, other.value);
  const holds = kind === "below" ? order < 0n : order === 0n;
  const words = kind === "below" ? "below" : "the same as";
  const said = `${shown(one)}, ${holds ? "" : "not "}${words} ${shown(other)}`;
  const basis = [...one.basis, ...other.basis];
  return { verdict: holds ? "holds" : "fails", said: [said], basis, withdrawn: [] };
}

function shown({ name, value, working }: Known): string {
  const result = working === "" ? exactText(value) : `${working} = ${exactText(value)}`;
  return name === "" ? result : `${name}: ${result}`;
}

function compute(figure: Figure, source: FigureSource): Found {
  if (!("figures" in figure)) return source.figure(figure);
  const found = figure.figures.map((each) => compute(each, source));
  const missing = found.find((each) => each.kind === "unknown");
  if (missing !== undefined) return missing;
  const known = found.flatMap((each) => (each.kind === "known" ? [each] : []));
  return combined(figure.of, known);
}

type Known = Extract<Found, { readonly kind: "known" }>;

function combined(of: Exclude<Figure, Leaf>["of"], [first, ...others]: readonly Known[]): Found {
  if (first === undefined) throw new Error(`${of} of no figures`);
  const all = [first, ...others];
  const basis = all.flatMap((each) => each.basis);
  const known = (value: Exact, working: string): Known => ({
    ...{ kind: "known", name: "", value, working, basis },
  });
  const texts = all.map((each) => exactText(each.value));
  switch (of) {
    case "largest":
    case "smallest": {
      const sign = of === "largest" ? 1n : -1n;
      const best = all.reduce((most, each) =>
        sign * compareExact(each.value, most.value) > 0n ? each : most,
      );
      return known(best.value, `the ${of} of ${texts.join(", ")}`);
    }
    case "sum":
      return known(all.map(({ value }) => value).reduce(addExactly), texts.join(" + "));
    case "difference": {
      const negated = others.map(({ value }) => negateExactly(value));
      return known(negated.reduce(addExactly, first.value), texts.join(" - "));
    }
    case "ratio":
    case "percent": {
      const [other = first] = others;
      const unit = of === "ratio" ? "times" : "percent";
      const value = divideExactly(first.value, other.value, unit);
      const working = texts.join(" / ");
      if (value === undefined) return { kind: "unknown", why: `${working}: nothing to divide by` };
      return known(value, working);
    }
    default:
      return of satisfies never;
  }
}
