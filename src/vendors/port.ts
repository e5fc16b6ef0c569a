import type { Estimate } from "../billing/quote.ts";
import type { Usage, UsageItem } from "../billing/usage.ts";
import type { AcceptedOrder } from "../gates/accept.ts";
import type { JsonValue } from "../json.ts";

/** Credentials, base URL and region under which a vendor is called. */
export type Connection = {
  readonly id: string;
  readonly vendor: string;
  /** As the vendor's clients write it: with or without a path, see `config.ts`. Never ends in a slash. */
  readonly baseUrl: string;
  readonly key: string;
  /** As its owner named it; a word for people, nothing is decided by it. */
  readonly region?: string;
  /** The base URL is on loopback: an emulator or a test, whose result URLs may be loopback too. */
  readonly loopback: boolean;
};

/** One paid call, already held for. */
export type VendorCall = {
  readonly accepted: AcceptedOrder;
  readonly connection: Connection;
  /** Our own deadline; never the client's going away. */
  readonly signal: AbortSignal;
  /** Headers passed on untouched: the emulators' fault switches, in the sandbox only. */
  readonly headers: Readonly<Record<string, string>>;
  /** Commits an asynchronous task's id before it is polled for the first time. */
  readonly noteTask: (taskId: string) => Promise<void>;
};

/**
 * Where an adapter puts the pictures as they arrive: base64 text, bytes untouched, in the vendor's order.
 * Called only after the vendor's status and content type were right.
 */
export type ImageSink = {
  /**
   * `served` is given where the vendor has named its model already, or is known to name none (null); `draft`,
   * counted from 0, for an interim picture that was asked for, which is no image of the answer.
   */
  begin(served?: { readonly model: string | null }, draft?: number): void;
  /** Base64 characters, JSON's escapes undone. A promise asks the adapter to wait for it before giving more. */
  piece(base64: Buffer): Promise<void> | undefined;
  end(): void;
};

/** What a call came to, judged by MONEY §1: exactly one of these. */
export type Outcome = OutcomeFacts &
  (
    | {
        readonly kind: "made";
        /** Whole final images that were put into the sink. At least 1. */
        readonly images: number;
        /** As reported, images that could not be fetched included: what is charged of it billing decides. */
        readonly usage: Usage;
        /** The id that the vendor says it ran, in the vendor's spelling; null when it doesn't say. */
        readonly servedModel: string | null;
        readonly answer: AnswerFields;
        readonly flags: readonly string[];
      }
    | {
        readonly kind: "refused";
        readonly code: "vendor_rejected" | "moderation_blocked" | "no_image";
        /** The vendor's words, for the caller: redacted of keys, ids and URLs. */
        readonly message: string;
        readonly param?: string;
        /** What the vendor's moderation objects to, by the vendor's own names; absent where it names nothing. */
        readonly categories?: readonly string[];
        /** What the contract says was billed all the same. */
        readonly cost?: readonly UsageItem[];
      }
    | { readonly kind: "our_account"; readonly message: string }
    | {
        readonly kind: "unspent";
        readonly why: "unreachable" | "throttled" | "overloaded";
        readonly retryAfterSeconds?: number;
      }
    | {
        readonly kind: "failed";
        readonly code: "vendor_failed" | "result_unavailable";
        readonly message: string;
        readonly cost?: readonly UsageItem[];
      }
    | {
        readonly kind: "unknown";
        readonly why: "timeout" | "reset" | "cut" | "unreadable" | "server_error";
      }
  );

type OutcomeFacts = {
  /** HTTP status of the deciding answer; null when none arrived. */
  readonly status: number | null;
  readonly vendorRequestId: string | null;
  /** The vendor's usage as JSON text, unread; null when it sent none. */
  readonly usageText: string | null;
};

/** What the vendor says beside the pictures, passed on in OpenAI's answer. */
export type AnswerFields = {
  /** Unix seconds. */
  readonly created: number;
  /** Fields of the answer's top level beside `created`, `data` and `usage`. */
  readonly top: { readonly [name: string]: JsonValue };
  /** Fields of each image beside `b64_json`, in the order of the sink. */
  readonly perImage: readonly { readonly [name: string]: JsonValue }[];
};

/** How a task that outlived its gateway ended (MONEY §6). */
export type TaskEnding =
  | {
      readonly kind: "succeeded";
      readonly usage: Usage;
      readonly usageText: string | null;
      /** Where its pictures were asked for: what came of them; undefined when none could be had. */
      readonly made?: Extract<Outcome, { kind: "made" }> | undefined;
    }
  | { readonly kind: "failed" }
  | { readonly kind: "unknown" };

/** A task that outlived its gateway. */
export type ResumedTask = {
  readonly taskId: string;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  /** Reference pictures that went out with it. */
  readonly references: number;
  /** Where its pictures are to go, and how many were asked for; undefined when nobody wants them any more. */
  readonly collect?: { readonly sink: ImageSink; readonly imagesAsked: number };
};

/** A model as its vendor lists it. */
export type ListedModel = {
  /** In the vendor's spelling. */
  readonly id: string;
  /** Its first day dark, YYYY-MM-DD; null: none; undefined: this vendor's list tells none. */
  readonly shutdownDate: string | null | undefined;
};

/** A vendor's list of its image models, or why it can't be had, redacted. */
export type ModelList =
  | { readonly kind: "listed"; readonly models: readonly ListedModel[] }
  | { readonly kind: "failed"; readonly why: string };

/** What the gateway needs from a vendor. One folder implements it; nothing else knows vendor names. */
export type ImageVendor = {
  readonly id: string;
  /** Interim drafts arrive as ordinary images: behind OpenAI's shape only the last one is delivered. */
  readonly sendsDrafts: boolean;
  /** What one output image is estimated to use up. Pure. */
  estimate(accepted: AcceptedOrder): Estimate;
  /** What goes to the vendor though the caller named no value (P7). Pure. */
  sent(accepted: AcceptedOrder): { readonly [param: string]: JsonValue };
  /** Calls once, judges the answer. Never retries a paid call: a retry may spend twice. Never throws on the vendor's account. */
  dispatch(call: VendorCall, sink: ImageSink): Promise<Outcome>;
  /** What the vendor lists of its image models. Costs nothing. Only vendors that publish a list have it. */
  listModels?(connection: Connection, signal: AbortSignal): Promise<ModelList>;
  /** Asks what became of a task; gives up at the signal. Only vendors with tasks have it. */
  resume?(task: ResumedTask): Promise<TaskEnding>;
};
