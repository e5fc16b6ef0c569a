import type { Mark, Model, PriceVersion } from "../../catalog/schema.ts";
import type { PromptMeasure } from "../../gates/order.ts";
import type { JsonValue } from "../../json.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";

/** What an audit of a gateway may say of one question. */
export type Verdict = "consistent" | "inconsistent" | "cannot_tell";

export type Pixels = { readonly width: number; readonly height: number };

/** One call that is going to be sent, and what it asks for in the terms of the laws. */
export type PlannedCall = {
  readonly id: string;
  /** For people: what it is good for. */
  readonly about: string;
  readonly route: "generations" | "edits";
  /** As they stand in the body, model and prompt included; files are beside. */
  readonly fields: { readonly [name: string]: JsonValue };
  /** Square pictures that are made for the purpose: edge in pixels. */
  readonly files?: { readonly imageEdge: number; readonly maskEdge?: number };
  /** Sent as `Idempotency-Key`; calls with the same word are one intent. */
  readonly intent?: string;
  readonly expects: "pictures" | "refusal";
  /** Of a call that should be refused: the parameter that the model can't do. */
  readonly impossible?: string;
  readonly asked: {
    readonly n: number;
    readonly size?: Pixels;
    readonly quality?: string;
    readonly prompt: PromptMeasure;
  };
  /** By the catalog: nothing for what must be refused, and at most what it costs if it is made all the same. */
  readonly expected: PicoUsd;
  readonly ceiling: PicoUsd;
};

/** A sum of money as a target wrote it. */
export type Claimed = {
  readonly amount: PicoUsd;
  /** Half of its last printed digit: what it may be rounded by. */
  readonly within: PicoUsd;
  /** Where it stood: `usage.cost`, a header. */
  readonly source: string;
};

/** A picture that came back, by its bytes; never the bytes themselves. */
export type PictureSeen = {
  /** `png`, `jpeg`, `webp`, … by its first bytes; null when they are none that is known, or did not come. */
  readonly format: string | null;
  readonly size: Pixels | null;
  /** Whether any pixel of it can be seen through; null when its bytes don't say. */
  readonly seeThrough: boolean | null;
  readonly sha256: string | null;
  /** Where the answer says that it lies, when it came as an address. */
  readonly url: string | null;
};

/** Usage as reported. Without output details all output counts as image. */
export type UsageSeen = {
  readonly textIn: bigint;
  readonly imageIn: bigint;
  readonly textOut: bigint;
  readonly imageOut: bigint;
  /** What it says was cached, of whatever kind. */
  readonly cached: bigint;
  /** Whether the output was told apart into text and image. */
  readonly split: boolean;
};

/** What came back of one call. */
export type Answered = {
  /** null: nothing did. */
  readonly status: number | null;
  readonly requestId: string | null;
  readonly pictures: readonly PictureSeen[];
  readonly usage: UsageSeen | undefined;
  readonly cost: Claimed | undefined;
  /** What the answer says that it ran with. */
  readonly echo: { readonly [name: string]: string };
  /** Of a refusal: what it says, keys taken out. */
  readonly error: string | null;
  /** It says of itself that no real vendor is behind it. */
  readonly sandbox: boolean;
  /** Names of the answer's fields, for changes of shape. */
  readonly shape: string;
};

/** Two readings of what the key has spent so far, around a call. */
export type Spent = { readonly before: Claimed; readonly after: Claimed };

/** One call that was sent, with everything that is known of it. */
export type CallRecord = {
  readonly call: PlannedCall;
  readonly answer: Answered;
  readonly spent: Spent | undefined;
};

/** Everything that the checks of one model look at. */
export type ModelEvidence = {
  readonly model: Model;
  readonly price: PriceVersion;
  readonly records: readonly CallRecord[];
  /** Whether readings of the balance can be relied on; why not, otherwise. */
  readonly balance: { readonly usable: true } | { readonly usable: false; readonly why: string };
  /** Models of the catalog whose laws are known. */
  readonly known: readonly Model[];
  /** The host that the target answers at. */
  readonly host: string;
  /** Hosts that belong to vendors and to storage services: not the target's to show. */
  readonly foreignHosts: readonly string[];
};

/** What a verdict rests on. */
export type LawSaid = { readonly says: string; readonly source: string; readonly mark: Mark };

/** A question answered. */
export type CheckResult = {
  readonly id: string;
  readonly model: string;
  readonly verdict: Verdict;
  readonly why: string;
  /** What must be there for a verdict. */
  readonly needs: readonly string[];
  readonly evidence: readonly EvidenceShown[];
  readonly law: LawSaid;
};

/** One call as it is shown: figures and ids. */
export type EvidenceShown = {
  readonly call: string;
  readonly sent: { readonly [name: string]: JsonValue };
  readonly received: { readonly [name: string]: JsonValue };
};

/** The record of a call by its id; undefined when it was never sent. */
export function recordOf(evidence: ModelEvidence, id: string): CallRecord | undefined {
  return evidence.records.find(({ call }) => call.id === id);
}

/** Whether a call brought at least one picture. */
export function isMade({ answer }: CallRecord): boolean {
  return answer.status !== null && answer.status < 300 && answer.pictures.length > 0;
}
