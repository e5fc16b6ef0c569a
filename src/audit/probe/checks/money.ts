import { formatUsd, type PicoUsd, picoUsd } from "../../../money/pico-usd.ts";
import { agrees } from "../claims.ts";
import { type CallRecord, isMade, type ModelEvidence, recordOf } from "../evidence.ts";
import { movedBy, type PriceFit, paidFor, pricedCalls } from "../price-fit.ts";
import {
  type Check,
  cannotTell,
  consistent,
  inconsistent,
  priceLaw,
  type Said,
} from "./finding.ts";

/** Whether what is charged is what the usage comes to, and nothing else is. */

const PER_CENT = 100n;

/** Prices against usage at the catalog's rates, and prices against the balance. */
export const cost: Check = {
  id: "cost",
  needs: ["usage", "cost or balance"],
  law: priceLaw("a price is the reported usage at the published rates"),
  judge: ({ evidence, fit }) => {
    const untold = evidence.records.filter(
      (record) => isMade(record) && disagrees(record, evidence),
    );
    if (untold.length > 0 && !otherUnit(evidence)) {
      const each = untold.map((record) => {
        const moved = movedBy(record, evidence)?.amount ?? picoUsd(0n);
        const said = record.answer.cost?.amount ?? picoUsd(0n);
        return `${record.call.id}: ${formatUsd(said)} is said, ${formatUsd(moved)} was taken`;
      });
      return inconsistent(each.join("; "), untold);
    }
    const calls = pricedCalls(evidence);
    const records = calls.map(({ record }) => record);
    switch (fit.kind) {
      case "unknown":
        return cannotTell(fit.why);
      case "unexplained": {
        if (calls.length < 2)
          return cannotTell(`one price alone is explained by any factor`, records);
        const each = calls.map(
          ({ record, paid, published }) =>
            `${record.call.id}: ${formatUsd(paid.amount)}, usage comes to ${formatUsd(published)}`,
        );
        return inconsistent(each.join("; "), records);
      }
      case "fits":
        if (fit.rates !== "published") {
          return cannotTell("the prices follow other rates: see image_rate", records);
        }
        return consistent(fitText(fit, evidence), records);
      default:
        return fit satisfies never;
    }
  },
};

/** A made call whose own price is not what the balance moved by. Replays are judged elsewhere. */
function disagrees(record: CallRecord, evidence: ModelEvidence): boolean {
  const moved = movedBy(record, evidence);
  const { cost: said } = record.answer;
  if (record.call.id === "repeat" || moved === undefined || said === undefined) return false;
  return !agrees(moved, said.amount, said.within);
}

/** Points or another currency: no charge is ten times what is said of it, nor a tenth. */
const UNIT_FACTOR = 10n;

/** Whether the balance is kept in other units than prices are told in: then it only tells whether it moves. */
function otherUnit(evidence: ModelEvidence): boolean {
  const both = evidence.records.flatMap((record) => {
    const moved = movedBy(record, evidence);
    const { cost: said } = record.answer;
    const counts = isMade(record) && record.call.id !== "repeat";
    return moved === undefined || said === undefined || !counts ? [] : [{ moved, said }];
  });
  const isFar = ({ moved, said }: (typeof both)[number]): boolean =>
    moved.amount > UNIT_FACTOR * said.amount || moved.amount * UNIT_FACTOR < said.amount;
  return both.length > 1 && both.every(isFar);
}

function fitText(fit: Extract<PriceFit, { kind: "fits" }>, evidence: ModelEvidence): string {
  const balance = balanceText(evidence);
  if (fit.factor === 10_000n && fit.fixed === 0n) {
    return `every price is the usage at the published rates, ${balance}`;
  }
  const percent = `${fit.factor / PER_CENT}.${(fit.factor % PER_CENT).toString().padStart(2, "0")} %`;
  const fixed = fit.fixed === 0n ? "" : ` and ${formatUsd(fit.fixed)} a call`;
  return `every price is ${percent} of the published rates${fixed}, ${balance}`;
}

function balanceText(evidence: ModelEvidence): string {
  if (!evidence.balance.usable) return `(the balance says nothing: ${evidence.balance.why})`;
  return otherUnit(evidence)
    ? "(the balance is kept in other units)"
    : "and the balance moves by them";
}

export const imageRate: Check = {
  id: "image_rate",
  needs: ["usage", "cost or balance"],
  law: priceLaw("tokens of pictures have rates of their own"),
  judge: ({ evidence, fit }) => {
    if (evidence.model.outputLaw.kind === "flat") {
      return cannotTell("the model is priced by the picture");
    }
    const calls = pricedCalls(evidence).map(({ record }) => record);
    if (fit.kind === "unknown") return cannotTell(fit.why);
    if (fit.kind === "unexplained") {
      return cannotTell("the prices follow no rates that are known: see cost", calls);
    }
    if (fit.rates === "published") return consistent("image tokens have their own rates", calls);
    const which = { image_in_as_text: "in", image_out_as_text: "out", image_as_text: "in and out" };
    return inconsistent(`image tokens ${which[fit.rates]} are charged at the rate of text`, calls);
  },
};

export const cacheDiscount: Check = {
  id: "cache_discount",
  needs: ["cost or balance"],
  law: priceLaw("the Images API reports nothing as cached: the same order costs the same again"),
  judge: ({ evidence, fit }) => {
    const said = evidence.records.filter(({ answer }) => (answer.usage?.cached ?? 0n) > 0n);
    if (said.length > 0) {
      const first = said[0]?.answer.usage?.cached ?? 0n;
      return inconsistent(`${first} tokens are said to be cached, which no vendor reports`, said);
    }
    const cached = fit.kind === "fits" ? fit.cached : [];
    if (cached.length > 0) {
      const calls = cached.map((id) => recordOf(evidence, id));
      return inconsistent(`charged as if their text were cached: ${cached.join(", ")}`, calls);
    }
    const [first, second] = [recordOf(evidence, "long_1"), recordOf(evidence, "long_2")];
    if (first === undefined || second === undefined) {
      return cannotTell("the same long prompt was not sent twice");
    }
    return ofTheSame(evidence, [first, second]);
  },
};

function ofTheSame(evidence: ModelEvidence, pair: readonly [CallRecord, CallRecord]): Said {
  const [first, second] = pair;
  const [a, b] = [paidFor(first, evidence), paidFor(second, evidence)];
  const sameUsage = first.answer.usage?.imageOut === second.answer.usage?.imageOut;
  if (a === undefined || b === undefined || !isMade(first) || !isMade(second)) {
    return cannotTell("the prices of both calls are not known", pair);
  }
  if (!sameUsage) return cannotTell("the two calls did not make the same", pair);
  return agrees(b, a.amount, a.within)
    ? consistent("the same long prompt cost the same again", pair)
    : cannotTell("the second call cost another sum that no cached rate explains: see cost", pair);
}

export const failedCalls: Check = {
  id: "failed_calls",
  needs: ["balance, or a cost in the refusal"],
  law: () => ({
    says: "a call that brings no picture costs nothing",
    source: "vendors refuse such orders before anything is made: the errors in docs/vendors",
    mark: "third",
  }),
  judge: ({ evidence }) => {
    const failed = evidence.records.filter(
      (record) => !isMade(record) && (record.answer.status ?? 0) >= 400,
    );
    if (failed.length === 0) return cannotTell("no call failed");
    const charged = failed.filter(
      (record) => isPositive(paidFor(record, evidence)) || isPositive(movedBy(record, evidence)),
    );
    if (charged.length > 0) {
      const each = charged.map((record) => {
        const taken = movedBy(record, evidence) ?? record.answer.cost;
        return `${record.call.id}: ${record.answer.status}, ${formatUsd(taken?.amount ?? picoUsd(0n))} USD`;
      });
      return inconsistent(`failed and charged: ${each.join("; ")}`, charged);
    }
    const blind = blindness(evidence);
    if (blind !== undefined) return cannotTell(blind, failed);
    return consistent(`${failed.length} calls failed, none was charged`, failed);
  },
};

export const idempotency: Check = {
  id: "idempotency",
  needs: ["balance"],
  law: () => ({
    says: "the same order with the same Idempotency-Key is one purchase",
    source: "what the header means; image vendors promise nothing of the kind themselves",
    mark: "guess",
  }),
  judge: ({ evidence }) => {
    const [first, again] = [recordOf(evidence, "base"), recordOf(evidence, "repeat")];
    if (first === undefined || again === undefined || !isMade(first)) {
      return cannotTell("no call was made that could be repeated", [first, again]);
    }
    const moved = movedBy(again, evidence);
    if (moved !== undefined && isPositive(moved)) {
      return inconsistent(`the repetition was charged ${formatUsd(moved.amount)} USD`, [
        first,
        again,
      ]);
    }
    const blind = blindness(evidence);
    if (blind !== undefined) return ofPictures(first, again, blind);
    return consistent("the repetition cost nothing", [first, again]);
  },
};

/** Without a balance only a second picture tells of a second purchase. */
function ofPictures(first: CallRecord, again: CallRecord, blind: string): Said {
  const [one, two] = [first.answer.pictures[0]?.sha256, again.answer.pictures[0]?.sha256];
  const isOther =
    one !== undefined && two !== undefined && one !== null && two !== null && one !== two;
  if (isOther && isPositive(again.answer.cost)) {
    return inconsistent("the repetition made another picture, and says that it costs something", [
      first,
      again,
    ]);
  }
  return cannotTell(blind, [first, again]);
}

/** Why a balance that doesn't move proves nothing; undefined when it does. */
function blindness(evidence: ModelEvidence): string | undefined {
  if (!evidence.balance.usable) return evidence.balance.why;
  const moves = evidence.records.some(
    (record) => isMade(record) && isPositive(movedBy(record, evidence)),
  );
  return moves ? undefined : "the balance moved for no call: it tells nothing";
}

function isPositive(
  claim: { readonly amount: PicoUsd; readonly within: PicoUsd } | undefined,
): boolean {
  return claim !== undefined && claim.amount > claim.within;
}
