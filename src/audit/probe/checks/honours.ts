import { diagnose } from "../diagnose.ts";
import {
  type CallRecord,
  isMade,
  type ModelEvidence,
  type PictureSeen,
  recordOf,
} from "../evidence.ts";
import {
  type Check,
  cannotTell,
  capabilityLaw,
  consistent,
  type Findings,
  inconsistent,
  type Said,
} from "./finding.ts";

/** Whether what is asked for is what is made: one check a parameter. */

const NO_BYTES =
  "the picture's bytes did not come, so only the answer's own word could be looked at";
const see = (models: readonly string[]): string =>
  `another model may have run (${models.join(", ")}): see same_model`;

export const honoursSize: Check = {
  id: "honours_size",
  needs: ["pictures as bytes"],
  law: capabilityLaw("a size that the model makes comes out in exactly those pixels"),
  judge: ({ evidence, swapped }) => {
    const record = recordOf(evidence, "base");
    const asked = record?.call.asked.size;
    if (record === undefined || !isMade(record)) return notMade(record);
    if (asked === undefined) return cannotTell("the model takes no exact size", [record]);
    const made = record.answer.pictures[0]?.size ?? null;
    if (made === null) return byEcho(record, "size");
    const text = `${asked.width}x${asked.height}`;
    if (made.width === asked.width && made.height === asked.height) {
      return consistent(`${text} was asked for and made`, [record]);
    }
    if (swapped.length > 0) return cannotTell(see(swapped), [record]);
    return inconsistent(`${text} was asked for, ${made.width}x${made.height} came`, [record]);
  },
};

export const honoursN: Check = {
  id: "honours_n",
  needs: ["an answer"],
  law: capabilityLaw("n pictures come where n are asked for"),
  judge: ({ evidence }) => {
    const record = recordOf(evidence, "several");
    const asked = record?.call.asked.n;
    if (evidence.model.capabilities.imagesPerCallMax === 1) {
      return cannotTell("the model makes one picture a call");
    }
    if (record === undefined || !isMade(record)) return notMade(record);
    const came = record.answer.pictures.length;
    const why = `${asked} pictures were asked for, ${came} came`;
    return came === asked ? consistent(why, [record]) : inconsistent(why, [record]);
  },
};

export const honoursQuality: Check = {
  id: "honours_quality",
  needs: ["usage", "a published law of the output"],
  law: ({ model }) => {
    const law = model.outputLaw;
    return law.kind === "flat"
      ? capabilityLaw("the tier asked for is the one that runs")({ model } as ModelEvidence)
      : { says: "each tier has its own tokens", source: law.source, mark: law.mark };
  },
  judge: ({ evidence }) => {
    const record = recordOf(evidence, "tier");
    const asked = record?.call.asked.quality;
    if (evidence.model.capabilities.quality === undefined) {
      return cannotTell("the model has no tiers of quality");
    }
    if (record === undefined || !isMade(record)) return notMade(record);
    const found = diagnose(record, evidence);
    const other = otherTier([recordOf(evidence, "base"), record], evidence);
    if (other !== undefined) return other;
    if (found.kind === "as_asked") {
      return consistent(`the tokens are those of ${asked ?? ""}`, [record]);
    }
    if (found.kind === "other_model") return cannotTell(see(found.models), [record]);
    const echo = record.answer.echo["quality"];
    if (echo !== undefined && echo !== asked) {
      return inconsistent(`${asked} was asked for, the answer says ${echo}`, [record]);
    }
    return cannotTell("its tokens can't be told from another tier's by any published law", [
      record,
    ]);
  },
};

/** One of two tiers may be what a model makes by itself: both are looked at. */
function otherTier(
  records: readonly (CallRecord | undefined)[],
  evidence: ModelEvidence,
): Said | undefined {
  for (const record of records) {
    if (record === undefined) continue;
    const found = diagnose(record, evidence);
    const { quality } = record.call.asked;
    if (found.kind === "other_tier") {
      return inconsistent(`${quality} was asked for, the tokens are those of ${found.tier}`, [
        record,
      ]);
    }
  }
  return undefined;
}

export const honoursOutputFormat: Check = {
  id: "honours_output_format",
  needs: ["pictures as bytes"],
  law: capabilityLaw("the format asked for is the one that comes"),
  judge: ({ evidence }) => {
    const record = recordOf(evidence, "tier");
    const asked = record?.call.fields["output_format"];
    if (!evidence.model.capabilities.outputFormats.selectable) {
      return cannotTell("the model makes one format");
    }
    if (record === undefined || !isMade(record)) return notMade(record);
    const made = record.answer.pictures[0]?.format ?? null;
    if (made === null) return byEcho(record, "output_format");
    const why = `${asked} was asked for, ${made} came`;
    return made === asked ? consistent(why, [record]) : inconsistent(why, [record]);
  },
};

export const honoursBackground: Check = {
  id: "honours_background",
  needs: ["pictures as bytes"],
  law: capabilityLaw("a transparent background lets something be seen through"),
  judge: ({ evidence }) => {
    const record = recordOf(evidence, "several");
    if (evidence.model.capabilities.background?.values.includes("transparent") !== true) {
      return cannotTell("the model has no transparent background");
    }
    if (record === undefined || !isMade(record)) return notMade(record);
    const seen = record.answer.pictures.map((picture: PictureSeen) => picture.seeThrough);
    if (seen.includes(true)) return consistent("some of the picture can be seen through", [record]);
    if (seen.every((each) => each === false)) {
      return inconsistent("transparent was asked for, no pixel can be seen through", [record]);
    }
    return byEcho(record, "background");
  },
};

export const honoursMask: Check = {
  id: "honours_mask",
  needs: ["other impossible orders that are refused"],
  law: capabilityLaw("a mask has the first picture's pixels, or the order is refused"),
  judge: ({ evidence }) => {
    const record = recordOf(evidence, "mask");
    if (evidence.model.capabilities.mask === undefined) {
      return cannotTell("the model takes no mask");
    }
    if (record === undefined) return notMade(record);
    if (!isMade(record)) return ofRefusedMask(record, evidence);
    const others = evidence.records.filter(
      ({ call }) => call.impossible !== undefined && !["mask", "model"].includes(call.impossible),
    );
    if (!others.some(wasRefused)) {
      return cannotTell("it refuses nothing else either: see refuses_impossible", [record]);
    }
    const why = "a mask of other pixels was not refused: it never reached the model";
    return inconsistent(why, [record]);
  },
};

/** A refusal says something only where the picture alone is taken. */
function ofRefusedMask(record: CallRecord, evidence: ModelEvidence): Said {
  const edit = recordOf(evidence, "edit");
  if (edit === undefined || !isMade(edit)) {
    return cannotTell("edits without a mask fail as well", [record, edit]);
  }
  return wasRefused(record)
    ? consistent("a mask of other pixels was refused", [record])
    : cannotTell("nothing was answered that could be judged", [record]);
}

/** The gateway's word instead of the bytes: enough to contradict itself, not to prove anything. */
function byEcho(record: CallRecord, name: string): Said {
  const asked = record.call.fields[name];
  const said = record.answer.echo[name];
  if (said !== undefined && said !== asked) {
    return inconsistent(`${String(asked)} was asked for, the answer says ${said}`, [record]);
  }
  return cannotTell(NO_BYTES, [record]);
}

function notMade(record: CallRecord | undefined): Said {
  return cannotTell(
    record === undefined ? "its call was not sent" : "its call brought no picture",
    [record],
  );
}

/** Answered with a refusal of the order itself: not of the key, not of the moment. */
export function wasRefused({ answer }: CallRecord): boolean {
  const { status } = answer;
  return status !== null && [400, 404, 405, 413, 415, 422, 501].includes(status);
}

/** Whether a parameter was found to be dropped: then what is accepted with it proves no more than that. */
export function isDropped(param: string, findings: Findings): boolean {
  const check = BY_PARAM.find(([name]) => name === param)?.[1];
  return check?.judge(findings).verdict === "inconsistent";
}

const BY_PARAM: readonly (readonly [string, Check])[] = [
  ["size", honoursSize],
  ["quality", honoursQuality],
  ["mask", honoursMask],
];
