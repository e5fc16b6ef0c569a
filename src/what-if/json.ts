import { VOTES } from "../advisor/evidence.ts";
import { OWN_OUTCOMES, type OwnOutcomes } from "../advisor/own-outcomes.ts";
import { type JudgedPictures, keptFigures } from "../advisor/price-per-kept.ts";
import { dollarsText, keptRatio, percentOf, ROUNDINGS } from "../advisor/savings.ts";
import { formatUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import { type Choice, isOpen } from "./choice.ts";
import { NOT_KEPT, type NotSettled } from "./journal.ts";
import type { Lever, Sum, Sums } from "./tally.ts";

/** Levers that an answer lists; its sums are over all. */
export const LISTED_MAX = 200;

/** What a what-if was about. */
export type Told = {
  readonly from: string;
  readonly to: string;
  readonly choice: Choice;
  /** The choice as it was asked, in the words of the API. */
  readonly asked: object;
  /** Null for the journal. */
  readonly imported: string | null;
  readonly accountId: string | null;
  readonly keyId: string | null;
  /** Calls of the journal that were never charged, or not yet; null for an imported set. */
  readonly others: NotSettled | null;
  /** Names of keys by their ids. */
  readonly keyNames: ReadonlyMap<string, string>;
  /** What was judged of the account's pictures, over all days. */
  readonly outcomes: OwnOutcomes;
  readonly emulated: boolean;
};

/** The answer: exact sums as decimal text, each ratio rounded once, by name. */
export function whatIfJson(sums: Sums, told: Told) {
  const { from, to, choice, imported } = told;
  const open = isOpen(choice);
  const levers = open ? sums.levers.filter(({ paid, whatIf }) => whatIf < paid) : sums.levers;
  return {
    object: "what_if",
    ...{ from, to, choice: open ? null : told.asked, imported },
    ...{ account_id: told.accountId, key_id: told.keyId, currency: "USD" },
    requests: sums.all.requests,
    images: sums.all.images,
    actual: formatUsd(sums.all.paid),
    ...(open ? NOT_ASKED : changeJson(sums.all)),
    rounding: ROUNDINGS,
    found: { actual: sums.paidBy, what_if: open ? {} : sums.foundBy },
    blocked: sums.blocked.map(({ code, requests, images, paid }) => ({
      ...{ code, count: requests, images },
      actual: formatUsd(paid),
    })),
    left_out: {
      ...(told.others === null ? {} : told.others),
      other_models: sums.beside.requests,
    },
    levers: levers.slice(0, LISTED_MAX).map((lever) => leverJson(lever, told)),
    levers_left_out: Math.max(0, levers.length - LISTED_MAX),
    notes: notesOf(told, levers),
    emulated: told.emulated,
  };
}

const NOT_ASKED = { what_if: null, difference: null, percent: null, kept_ratio_break_even: null };

function changeJson({ paid, whatIf }: Sum) {
  return {
    what_if: formatUsd(whatIf),
    difference: formatUsd(subtractUsd(whatIf, paid)),
    percent: percentOf(paid, whatIf),
    kept_ratio_break_even: keptRatio(paid, whatIf),
  };
}

function leverJson(lever: Lever, { keyNames, outcomes }: Told) {
  const { kind, change, key, model, quality, requests, images, paid, because } = lever;
  const name = key === null ? null : (keyNames.get(key) ?? key);
  return {
    ...{ change, kind, key, key_name: name, model, quality, because, requests, images },
    actual: formatUsd(paid),
    ...changeJson(lever),
    own_outcomes: keptJson(lever, outcomes),
    text: `${leverText(lever, name)}${keptText(lever, outcomes)}`,
  };
}

const NONE_JUDGED: JudgedPictures = { outcomes: 0, kept: 0, judgedCharge: ZERO_USD };

/**
 * What the account's own outcomes say of the pictures before and after a change of model or quality. Null where
 * they say nothing of either, or the change is of something else.
 */
function keptJson({ model, quality, to }: Lever, outcomes: OwnOutcomes) {
  if (model === to.model && quality === to.quality) return null;
  const [before, after] = [outcomes(model, quality), outcomes(to.model, to.quality)];
  if (before === undefined && after === undefined) return null;
  return { before: keptFigures(before ?? NONE_JUDGED), after: keptFigures(after ?? NONE_JUDGED) };
}

/** "; per kept picture 0.21072 → 0.0585 USD by your own outcomes", where both are known. */
function keptText(lever: Lever, outcomes: OwnOutcomes): string {
  const { before, after } = keptJson(lever, outcomes) ?? {};
  const [was, is] = [before?.price_per_kept ?? null, after?.price_per_kept ?? null];
  if (was === null || is === null) return "";
  return `; per kept picture ${was} → ${is} USD by your own outcomes`;
}

/** "quality high → medium on key web: −$1,204.11 (71 %), if every picture were kept; gone at a kept ratio of 0.29" */
function leverText(lever: Lever, key: string | null): string {
  const { kind, quality, paid, whatIf } = lever;
  const tier = kind === "size" && quality !== null ? ` at quality ${quality}` : "";
  const change = `${lever.change}${tier}`;
  const difference = subtractUsd(whatIf, paid);
  const where = key === null ? "" : ` on key ${key}`;
  const sign = difference < 0n ? "−" : "+";
  const percent = percentOf(paid, whatIf, 0)?.replace("-", "");
  const part = percent === undefined ? "" : ` (${percent} %)`;
  const said = `${change}${where}: ${sign}${dollarsText(difference)}${part}`;
  const gone = keptRatio(paid, whatIf, 2);
  if (difference === 0n) return `${change}${where}: the same`;
  return gone === null
    ? said
    : `${said}, if every picture were kept; gone at a kept ratio of ${gone}`;
}

/** What the figures rest on, and what nobody could look at. */
function notesOf(told: Told, levers: readonly Lever[]): readonly string[] {
  const { choice, imported, outcomes } = told;
  const { prices } = choice;
  const byDay = prices?.kind === "day" ? `prices as of ${prices.day}` : undefined;
  const byVersion = prices?.kind === "version" ? `prices of ${prices.version.id}` : undefined;
  const rated = choice.auto !== undefined || levers.some(({ kind }) => kind === "model");
  return [
    byDay ?? byVersion ?? "prices as of each request's own day",
    imported === null
      ? "actual: what was charged, corrections and margins included"
      : "actual: dollars of the imported files",
    "what if: unchanged = what was paid; recharged = measured quantities at other prices; expected and exact = the vendor's law, as in a quote",
    imported === null
      ? `no gate could look at what the journal doesn't keep: prompts, ${NOT_KEPT.join(", ")}`
      : "prompts, and every parameter but size and quality, are not in the files: no gate could look at them",
    ...(rated ? [`ratings: ${VOTES}`] : []),
    ...(levers.some((lever) => keptJson(lever, outcomes) !== null)
      ? [`per kept picture: ${OWN_OUTCOMES}`]
      : []),
  ];
}
