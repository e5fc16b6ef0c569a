import { z } from "zod";
import type { JsonValue } from "../../json.ts";
import type { Outcome } from "../port.ts";
import type { WireHead } from "./exchange.ts";
import { redactVendorText } from "./redact.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/** What a vendor says went wrong; empty text where it says nothing. */
export type VendorError = {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  readonly param: string;
  /** What its moderation objects to, as it names it; empty where it names nothing. */
  readonly categories: readonly string[];
};

/** What a code means whatever the status beside it. The other codes are judged by status. */
export type CodeMeaning = "moderation" | "our_account" | "overloaded";

/** One row of a vendor's table: codes (or error types) and what they mean. */
export type CodeClass = {
  readonly means: CodeMeaning;
  readonly codes: readonly (string | RegExp)[];
  readonly types?: readonly string[];
  /** The code says what moderation objects to: the vendor has no other words for it. */
  readonly isCategory?: true;
};

/** The part of an outcome that an error decides. */
export type Judged =
  | Pick<Outcome & { kind: "refused" }, "kind" | "code" | "message" | "param" | "categories">
  | Pick<Outcome & { kind: "our_account" }, "kind" | "message">
  | Pick<Outcome & { kind: "unspent" }, "kind" | "why" | "retryAfterSeconds">
  | Pick<Outcome & { kind: "failed" }, "kind" | "code" | "message">
  | Pick<Outcome & { kind: "unknown" }, "kind" | "why">;

const text = z.string().catch("");
const errorSchema = z.object({
  ...{ code: text, type: text, message: text, param: text },
  // [third]: newer bodies of one vendor add it (openai.md §5, 2026-11-22).
  moderation_details: z
    .object({ categories: z.array(z.string()) })
    .optional()
    .catch(undefined),
});
/** Where a vendor names what its moderation objects to within its sentence [seen] (openai.md §5, 2026-11-22). */
const VIOLATIONS = /\bsafety_violations=\[([^\]]{1,500})\]/;
/** More than any vendor names. */
const CATEGORIES_MAX = 16;
/** Names only: what is shown of a code must not carry prose. */
const NAME = /^[\w.[\]-]{1,64}$/;
const CATEGORY = /^[\w./-]{1,64}$/;

/** Undefined when there is none: absent, null, empty. */
export function readVendorError(error: JsonValue | undefined): VendorError | undefined {
  if (typeof error === "string" && error !== "") {
    return { code: "", type: "", message: error, param: "", categories: violationsIn(error) };
  }
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success || Object.keys(error ?? {}).length === 0) return undefined;
  const { moderation_details: details, ...said } = parsed.data;
  return { ...said, categories: namesIn(details?.categories) ?? violationsIn(said.message) };
}

function violationsIn(message: string): readonly string[] {
  return namesIn(VIOLATIONS.exec(message)?.[1]?.split(",")) ?? [];
}

/** Names only, undefined when there is none: nothing of a vendor's prose. */
function namesIn(words: readonly string[] | undefined): readonly string[] | undefined {
  const names = (words ?? []).map((word) => word.trim()).filter((word) => CATEGORY.test(word));
  return names.length === 0 ? undefined : names.slice(0, CATEGORIES_MAX);
}

/** The error in an error's body; undefined when it isn't JSON or names none. */
export function readErrorBody(body: string | undefined): VendorError | undefined {
  if (body === undefined) return undefined;
  try {
    const json = z.json().parse(JSON.parse(body));
    if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
    const { error, ...flat } = json;
    return error === undefined ? readVendorError(flat) : readVendorError(error);
  } catch {
    return undefined; // A proxy's HTML, for one: the status decides alone.
  }
}

/** Judges another status than 2xx by MONEY §1: the code first, where it means something, else the status. */
export function judgeError(
  head: WireHead,
  error: VendorError | undefined,
  classes: readonly CodeClass[],
): Judged {
  const meaning = meaningOf(error, classes);
  if (meaning === "moderation") return moderationBlocked(error, classes);
  if (meaning === "our_account") return ourAccount(head.status, error);
  switch (head.status) {
    case 400:
    case 413:
    case 422:
      return rejected(head.status, error);
    case 429:
    case 503:
      return busy(head, error, meaning === "overloaded" || head.status === 503);
    case 408:
    case 504:
      return { kind: "unknown", why: "timeout" };
    default:
      // Redirects and the other 4xx: nothing was made, and what stands in our settings is wrong.
      return head.status < 500 && head.status !== 409
        ? ourAccount(head.status, error)
        : { kind: "unknown", why: "server_error" };
  }
}

/** Judges a failure inside a 200 that made no picture (P3). */
export function judgeFailureInSuccess(error: VendorError, classes: readonly CodeClass[]): Judged {
  const meaning = meaningOf(error, classes);
  if (meaning === "moderation") return moderationBlocked(error, classes);
  if (meaning === "our_account") return ourAccount(200, error);
  const message = redactVendorText(error.message) || "the vendor could not make the image";
  return { kind: "failed", code: "vendor_failed", message };
}

export function meaningOf(
  error: VendorError | undefined,
  classes: readonly CodeClass[],
): CodeMeaning | undefined {
  return classOf(error, classes)?.means;
}

function classOf(
  error: VendorError | undefined,
  classes: readonly CodeClass[],
): CodeClass | undefined {
  if (error === undefined) return undefined;
  return classes.find(
    ({ codes, types = [] }) =>
      types.includes(error.type) ||
      codes.some((code) =>
        typeof code === "string" ? code === error.code : code.test(error.code),
      ),
  );
}

function moderationBlocked(error: VendorError | undefined, classes: readonly CodeClass[]): Judged {
  const message = redactVendorText(error?.message ?? "") || "the vendor's moderation refused it";
  const byCode = classOf(error, classes)?.isCategory === true ? namesIn([error?.code ?? ""]) : [];
  const categories = error?.categories.length ? error.categories : (byCode ?? []);
  return { kind: "refused", code: "moderation_blocked", message, categories };
}

function rejected(status: number, error: VendorError | undefined): Judged {
  const message =
    redactVendorText(error?.message ?? "") || `the vendor refused the request (${status})`;
  const param = error !== undefined && NAME.test(error.param) ? error.param : undefined;
  return {
    kind: "refused",
    code: "vendor_rejected",
    message,
    ...(param === undefined ? {} : { param }),
  };
}

/** Our own text: the vendor's speaks of our account. */
function ourAccount(status: number, error: VendorError | undefined): Judged {
  const code = error !== undefined && NAME.test(error.code) ? `, code ${error.code}` : "";
  return { kind: "our_account", message: `the vendor refused our account (${status}${code})` };
}

function busy(head: WireHead, error: VendorError | undefined, overloaded: boolean): Judged {
  const seconds = retryAfterSeconds(head.headers, error?.message ?? "");
  return {
    kind: "unspent",
    why: overloaded ? "overloaded" : "throttled",
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  };
}
