import { formatUsd } from "../../../money/pico-usd.ts";
import { difference } from "../claims.ts";
import type {
  CallRecord,
  CheckResult,
  EvidenceShown,
  LawSaid,
  ModelEvidence,
  PictureSeen,
  Verdict,
} from "../evidence.ts";
import type { PriceFit } from "../price-fit.ts";

/** What all checks of one model share: found once. */
export type Findings = {
  readonly evidence: ModelEvidence;
  /** Models that explain all tokens where the one asked for doesn't. */
  readonly swapped: readonly string[];
  readonly fit: PriceFit;
};

/** What a check says, before it is put together with what it is. */
export type Said = {
  readonly verdict: Verdict;
  readonly why: string;
  readonly of: readonly (CallRecord | undefined)[];
};

export type Check = {
  readonly id: string;
  readonly needs: readonly string[];
  readonly law: (evidence: ModelEvidence) => LawSaid;
  readonly judge: (findings: Findings) => Said;
};

export function cannotTell(why: string, of: Said["of"] = []): Said {
  return { verdict: "cannot_tell", why, of };
}

export function consistent(why: string, of: Said["of"]): Said {
  return { verdict: "consistent", why, of };
}

export function inconsistent(why: string, of: Said["of"]): Said {
  return { verdict: "inconsistent", why, of };
}

/** A check's result as it is printed. */
export function resultOf(check: Check, findings: Findings): CheckResult {
  const { verdict, why, of } = check.judge(findings);
  const { evidence } = findings;
  return {
    ...{ id: check.id, model: evidence.model.id, verdict, why },
    needs: check.needs,
    evidence: of.flatMap((record) => (record === undefined ? [] : [shown(record, evidence)])),
    law: check.law(evidence),
  };
}

/** Prompts by their tokens, pictures by their measures: no text of others, no bytes. */
function shown(record: CallRecord, { balance }: ModelEvidence): EvidenceShown {
  const { call, answer, spent } = record;
  const { prompt: _prompt, ...fields } = call.fields;
  const { usage, cost } = answer;
  const moved = spent === undefined ? undefined : difference(spent.after, spent.before);
  return {
    call: call.id,
    sent: {
      ...fields,
      prompt_tokens: call.asked.prompt.tokens,
      ...(call.files === undefined ? {} : { image: `${call.files.imageEdge}px square` }),
      ...(call.files?.maskEdge === undefined ? {} : { mask: `${call.files.maskEdge}px square` }),
    },
    received: {
      ...{ status: answer.status, request_id: answer.requestId },
      ...(answer.error === null ? {} : { error: answer.error }),
      ...(answer.pictures.length === 0 ? {} : { pictures: answer.pictures.map(pictureText) }),
      ...(usage === undefined
        ? {}
        : {
            usage: {
              ...{ text_in: Number(usage.textIn), image_in: Number(usage.imageIn) },
              ...{ text_out: Number(usage.textOut), image_out: Number(usage.imageOut) },
              ...(usage.cached > 0n ? { cached: Number(usage.cached) } : {}),
            },
          }),
      ...(cost === undefined ? {} : { cost: formatUsd(cost.amount) }),
      ...(moved === undefined || !balance.usable ? {} : { balance_moved: formatUsd(moved.amount) }),
    },
  };
}

function pictureText({ size, format, url }: PictureSeen): string {
  const pixels = size === null ? "unknown size" : `${size.width}x${size.height}`;
  return `${pixels} ${format ?? "unknown format"}${url === null ? "" : ` at ${hostOf(url)}`}`;
}

/** Addresses of pictures open them for whoever holds them: only the host is shown. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "no address";
}

/** What the catalog says that a model can do. */
export function capabilityLaw(says: string): Check["law"] {
  return ({ model }) => {
    const [first] = model.sources;
    if (first === undefined) throw new Error(`${model.id}: a row without sources`);
    return { says, source: first.source, mark: first.mark };
  };
}

/** What the catalog says that a model costs. */
export function priceLaw(says: string): Check["law"] {
  return ({ price: { id, source, mark } }) => ({ says: `${says} (${id})`, source, mark });
}

/** What the catalog says of tokens. */
export function tokenLaw(says: string): Check["law"] {
  return ({ model, price }) => {
    const law = model.outputLaw;
    const { source, mark } = law.kind === "flat" ? price : law;
    return { says, source, mark };
  };
}
