import { planNamed } from "../../src/audit/probe/choose-models.ts";
import { readClaim } from "../../src/audit/probe/claims.ts";
import type {
  Answered,
  CallRecord,
  CheckResult,
  Claimed,
  ModelEvidence,
  PictureSeen,
  UsageSeen,
} from "../../src/audit/probe/evidence.ts";
import { judgeModel } from "../../src/audit/probe/judge.ts";
import { probePrompts } from "../../src/audit/probe/pieces.ts";
import type { ModelPlan } from "../../src/audit/probe/plan.ts";
import { loadCatalog } from "../../src/catalog/load.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";

const catalog = loadCatalog({ folder: new URL("../../catalog/models", import.meta.url).pathname });
export const choosing = { catalog, prompts: await probePrompts(), day: "2026-11-26" };

export function planOf(name: string): ModelPlan {
  const plan = planNamed(name, choosing);
  if ("why" in plan) throw new Error(plan.why);
  return plan;
}

/** What a call of gpt-image-2 is answered with: text in, image in, image out, its price, its pictures. */
export type Figures = {
  readonly status?: number;
  readonly text?: bigint;
  readonly imageIn?: bigint;
  readonly imageOut?: bigint;
  readonly cached?: bigint;
  /** null: the answer says none. */
  readonly cost?: string | null;
  /** By how much the balance moves; left out: by the cost. */
  readonly moved?: string;
  readonly pictures?: readonly Partial<PictureSeen>[];
  readonly echo?: Answered["echo"];
  readonly error?: string;
  readonly usage?: null;
};

const WIDE: Partial<PictureSeen> = { size: { width: 1_408, height: 480 } };

/**
 * An honest gateway's answers, worked out by hand at 5, 8 and 30 USD a million: the short prompt is 13 tokens and 6
 * more, the long one 1,210 and 6; low is 54 tokens at 1408x480, medium 514; a reference of 256 x 256 is 256.
 *
 *   base    19 x 0.000005 + 54 x 0.00003                    = 0.001715
 *   tier    19 x 0.000005 + 514 x 0.00003                   = 0.015515
 *   several 38 x 0.000005 + 108 x 0.00003                   = 0.00343
 *   long    1216 x 0.000005 + 54 x 0.00003                  = 0.0077
 *   edit    20 x 0.000005 + 256 x 0.000008 + 54 x 0.00003   = 0.003768
 */
const HONEST: Readonly<Record<string, Figures>> = {
  base: { text: 19n, imageOut: 54n, cost: "0.001715", pictures: [WIDE] },
  repeat: { text: 19n, imageOut: 54n, cost: "0.001715", moved: "0", pictures: [WIDE] },
  tier: {
    ...{ text: 19n, imageOut: 514n, cost: "0.015515" },
    pictures: [{ ...WIDE, format: "jpeg", seeThrough: false }],
  },
  several: {
    ...{ text: 38n, imageOut: 108n, cost: "0.00343" },
    pictures: [
      { ...WIDE, seeThrough: true },
      { ...WIDE, seeThrough: true },
    ],
  },
  long_1: { text: 1_216n, imageOut: 54n, cost: "0.0077", pictures: [WIDE] },
  long_2: { text: 1_216n, imageOut: 54n, cost: "0.0077", pictures: [WIDE] },
  edit: { text: 20n, imageIn: 256n, imageOut: 54n, cost: "0.003768", pictures: [WIDE] },
};
const REFUSED: Figures = { status: 400, cost: null, moved: "0", error: "not possible" };

/** The evidence of a whole run in which only what is given differs from an honest one. */
export function evidenceOf(
  changes: Readonly<Record<string, Figures>> = {},
  more: Partial<ModelEvidence> = {},
): ModelEvidence {
  const plan = planOf("gpt-image-2");
  let spent = 0n;
  const records = plan.calls.map((call): CallRecord => {
    const figures = { ...(HONEST[call.id] ?? REFUSED), ...changes[call.id] };
    const before = reading(spent);
    spent += parseUsd(figures.moved ?? figures.cost ?? "0");
    return { call, answer: answerOf(figures), spent: { before, after: reading(spent) } };
  });
  return {
    ...{ model: plan.model, price: plan.price, records, balance: { usable: true } },
    known: catalog.models.filter(({ outputLaw }) => outputLaw.kind !== "flat"),
    host: "gateway.example",
    foreignHosts: ["blob.core.windows.net", "vendor.example"],
    ...more,
  };
}

function answerOf(figures: Figures): Answered {
  const {
    status = 200,
    cost = null,
    text = 0n,
    imageIn = 0n,
    imageOut = 0n,
    cached = 0n,
  } = figures;
  const { pictures = [], echo = {}, error = null } = figures;
  const usage: UsageSeen = { textIn: text, imageIn, textOut: 0n, imageOut, cached, split: true };
  return {
    ...{ status, requestId: "req_1", echo, error, sandbox: false, shape: "" },
    usage: status >= 400 || figures.usage === null ? undefined : usage,
    cost: cost === null ? undefined : claim(cost),
    pictures: pictures.map((picture) => ({
      ...{ format: "png", size: null, seeThrough: null, sha256: null, url: null },
      ...picture,
    })),
  };
}

function reading(amount: bigint): Claimed {
  return { ...claim("0.000000"), amount: amount as Claimed["amount"] };
}

export function claim(text: string): Claimed {
  const read = readClaim(text, "a test");
  if (read === undefined) throw new Error(`${text} is no amount`);
  return read;
}

/** The verdict and the reason of one check. */
export function verdictOf(
  evidence: ModelEvidence,
  id: string,
): Pick<CheckResult, "verdict" | "why"> {
  const found = judgeModel(evidence).find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return { verdict: found.verdict, why: found.why };
}

/** Ids of all checks that are inconsistent. */
export function caughtIn(evidence: ModelEvidence): readonly string[] {
  return judgeModel(evidence)
    .filter(({ verdict }) => verdict === "inconsistent")
    .map(({ id }) => id);
}
