import type { Model } from "../../../catalog/schema.ts";
import type { JsonValue } from "../../../json.ts";
import { diagnose, lawOfMade, madeSize } from "../diagnose.ts";
import { type CallRecord, isMade, type ModelEvidence, recordOf } from "../evidence.ts";
import { isOn } from "../laws.ts";
import { pricedCalls } from "../price-fit.ts";
import {
  type Check,
  cannotTell,
  consistent,
  type Findings,
  inconsistent,
  priceLaw,
  type Said,
  tokenLaw,
} from "./finding.ts";
import { wasRefused } from "./honours.ts";

/** Whether the usage that is reported is what the published laws give. */

/** Quality x size of one picture, and the reference of an edit. */
export const usageLaw: Check = {
  id: "usage_law",
  needs: ["usage", "a published law of the output"],
  law: tokenLaw("output tokens follow quality and size, a reference's follow its pixels"),
  judge: ({ evidence, swapped }) => {
    const made = evidence.records.filter(
      (record) => isMade(record) && record.call.asked.n === 1 && record.call.id !== "repeat",
    );
    const off = made.filter((record) => diagnose(record, evidence).kind === "unexplained");
    const offInput = swapped.length > 0 ? [] : made.filter((each) => referenceOff(each, evidence));
    if (off.length > 0 || offInput.length > 0) {
      return inconsistent(offText([...off, ...offInput], evidence), [...off, ...offInput]);
    }
    if (swapped.length > 0) {
      return cannotTell(`the tokens are those of ${swapped.join(" or ")}: see same_model`, made);
    }
    const on = made.filter((record) => diagnose(record, evidence).kind === "as_asked");
    if (on.length === 0) return cannotTell(whyUnknown(made), made);
    return consistent(`the tokens of ${on.length} calls are those of the law`, on);
  },
};

function referenceOff(record: CallRecord, evidence: ModelEvidence): boolean {
  const range = lawOfMade(record, evidence)?.imageIn;
  const { usage } = record.answer;
  return range !== undefined && usage !== undefined && !isOn(range, usage.imageIn);
}

function offText(off: readonly CallRecord[], evidence: ModelEvidence): string {
  const each = off.map((record) => {
    const law = lawOfMade(record, evidence);
    const { imageIn = 0n, imageOut = 0n } = record.answer.usage ?? {};
    const range = law?.imageOut;
    const isOut = range !== undefined && !isOn(range, imageOut, law?.multiples);
    return isOut
      ? `${record.call.id}: ${imageOut} output tokens, the law gives ${range.most}`
      : `${record.call.id}: ${imageIn} tokens of the reference, the law gives ${law?.imageIn?.most}`;
  });
  return [...new Set(each)].join("; ");
}

function whyUnknown(made: readonly CallRecord[]): string {
  if (made.length === 0) return "no picture was made";
  return made.some(({ answer }) => answer.usage !== undefined)
    ? "no law is published for this model's tokens, or another tier ran"
    : "no answer reports usage in tokens";
}

/** n pictures cost n times one, prompt included; a prompt is its tokens and the law's constant. */
export const billsNAndPrompt: Check = {
  id: "bills_n_and_prompt",
  needs: ["usage"],
  law: priceLaw("text is counted by the vendor's tokenizer, and all of it for each picture"),
  judge: (findings) => {
    const { evidence } = findings;
    const texts = evidence.records.filter(
      (record) =>
        isMade(record) && record.call.asked.n === 1 && textLaw(record, evidence) !== undefined,
    );
    const off = texts.filter((record) => record.answer.usage?.textIn !== textLaw(record, evidence));
    if (off.length > 0) {
      const each = off.map(
        (record) =>
          `${record.call.id}: ${record.answer.usage?.textIn} text tokens, the law gives ${textLaw(record, evidence)}`,
      );
      return inconsistent(each.join("; "), off);
    }
    const several = ofSeveral(findings);
    if (several.verdict !== "consistent" || texts.length === 0) return several;
    return consistent(`${several.why}; prompts are billed by their tokens`, [
      ...several.of,
      ...texts,
    ]);
  },
};

/** Undefined without usage, too: there is nothing to compare. */
function textLaw(record: CallRecord, evidence: ModelEvidence): bigint | undefined {
  return record.answer.usage === undefined ? undefined : lawOfMade(record, evidence)?.textIn;
}

function ofSeveral({ evidence }: Findings): Said {
  const [one, several] = [recordOf(evidence, "base"), recordOf(evidence, "several")];
  if (several === undefined || several.call.asked.n === 1) {
    return cannotTell("the model makes one picture a call", [one]);
  }
  if (one === undefined || !isMade(one) || !isMade(several)) {
    return cannotTell("a call brought no picture", [one, several]);
  }
  const came = several.answer.pictures.length;
  if (came < several.call.asked.n) {
    return cannotTell(`only ${came} of ${several.call.asked.n} pictures came: see honours_n`, [
      several,
    ]);
  }
  if (sizeText(one) !== sizeText(several)) {
    return cannotTell("one picture and several did not come in the same size", [one, several]);
  }
  const [a, b] = [one.answer.usage, several.answer.usage];
  if (a === undefined || b === undefined) return ofPrices(evidence, [one, several], came);
  const n = BigInt(came);
  // One token an image may be saved: the vendor file's §3, seen.
  const outputFits = isOn({ least: n * a.imageOut - n, most: n * a.imageOut }, b.imageOut);
  const textFits = b.textIn === n * a.textIn;
  const figures = `${came} pictures: ${b.textIn} text and ${b.imageOut} output tokens; one: ${a.textIn} and ${a.imageOut}`;
  return outputFits && textFits
    ? consistent(figures, [one, several])
    : inconsistent(`not ${came} times one. ${figures}`, [one, several]);
}

function sizeText(record: CallRecord): string {
  const size = madeSize(record);
  return size === undefined ? "" : `${size.width}x${size.height}`;
}

/** Without tokens the prices must say it. */
function ofPrices(
  evidence: ModelEvidence,
  [one, several]: readonly [CallRecord, CallRecord],
  came: number,
): Said {
  const priced = pricedCalls(evidence);
  const paidOf = (record: CallRecord) => priced.find((each) => each.record === record)?.paid;
  const [a, b] = [paidOf(one), paidOf(several)];
  if (a === undefined || b === undefined) {
    return cannotTell("neither usage nor prices are told", [one, several]);
  }
  const off = b.amount - BigInt(came) * a.amount;
  const slack = b.within + BigInt(came) * a.within;
  return off <= slack && off >= -slack
    ? consistent(`${came} pictures cost ${came} times one`, [one, several])
    : cannotTell(`${came} pictures don't cost ${came} times one: see cost`, [one, several]);
}

/** Whether the model that runs is the one that was asked for. */
export const sameModel: Check = {
  id: "same_model",
  needs: ["usage", "a published law of the output"],
  law: tokenLaw("a model is known by its tokens for each tier and size, and by what it refuses"),
  judge: ({ evidence, swapped }) => {
    const made = evidence.records.filter(isMade);
    const named = made.find(({ answer }) => namesAnother(answer.echo["model"], evidence));
    if (named !== undefined) {
      return inconsistent(`the answer names another model: ${named.answer.echo["model"]}`, [named]);
    }
    if (swapped.length > 0) {
      const calls = made.filter((record) => diagnose(record, evidence).kind === "other_model");
      return inconsistent(`all tokens are those of ${swapped.join(" or ")}`, calls);
    }
    const telling = made.filter((record) => isTelling(record, evidence));
    const unexplained = made.some(
      (record) => record.call.asked.n === 1 && diagnose(record, evidence).kind === "unexplained",
    );
    if (unexplained)
      return cannotTell("the tokens fit no model that is known: see usage_law", made);
    if (telling.length === 0) {
      return cannotTell("nothing that came tells this model from others", made);
    }
    const refused = evidence.records
      .filter(({ call }) => isTierOfOthers(call.fields["quality"], evidence))
      .some(wasRefused);
    const more = refused ? ", and it refuses a tier that others have" : "";
    return consistent(`tokens that other models would not have come to${more}`, telling);
  },
};

function isTierOfOthers(tier: JsonValue | undefined, { known, model }: ModelEvidence): boolean {
  const tiers = (of: Model): readonly unknown[] => of.capabilities.quality?.tiers ?? [];
  return !tiers(model).includes(tier) && known.some((other) => tiers(other).includes(tier));
}

function namesAnother(said: string | undefined, { known, model }: ModelEvidence): boolean {
  if (said === undefined) return false;
  const bare = said.slice(said.lastIndexOf("/") + 1);
  if (bare === model.id || model.wireId === bare || model.aliases.includes(bare)) return false;
  return known.some(({ id, aliases }) => id === bare || aliases.includes(bare));
}

/** Whether the tokens are this model's and not every other one's too. */
function isTelling(record: CallRecord, evidence: ModelEvidence): boolean {
  if (record.call.asked.n > 1 || diagnose(record, evidence).kind !== "as_asked") return false;
  return evidence.known.some((model) => {
    const found = diagnose(record, { ...evidence, model, known: [] });
    return found.kind !== "as_asked" && found.kind !== "unknown";
  });
}
