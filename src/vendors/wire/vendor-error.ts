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
};

/** What a code means whatever the status beside it. The other codes are judged by status. */
export type CodeMeaning = "moderation" | "our_account" | "overloaded";

/** One row of a vendor's table: codes (or error types) and what they mean. */
export type CodeClass = {
  readonly means: CodeMeaning;
  readonly codes: readonly (string | RegExp)[];
  readonly types?: readonly string[];
};

/** The part of an outcome that an error decides. */
export type Judged =
  | Pick<Outcome & { kind: "refused" }, "kind" | "code" | "message" | "param">
  | Pick<Outcome & { kind: "our_account" }, "kind" | "message">
  | Pick<Outcome & { kind: "unspent" }, "kind" | "why" | "retryAfterSeconds">
  | Pick<Outcome & { kind: "failed" }, "kind" | "code" | "message">
  | Pick<Outcome & { kind: "unknown" }, "kind" | "why">;

const text = z.string().catch("");
const errorSchema = z.object({ code: text, type: text, message: text, param: text });
/** Names only: what is shown of a code must not carry prose. */
const NAME = /^[\w.[\]-]{1,64}$/;

/** Undefined when there is none: absent, null, empty. */
export function readVendorError(error: JsonValue | undefined): VendorError | undefined {
  if (typeof error === "string" && error !== "") {
    return { code: "", type: "", message: error, param: "" };
  }
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success || Object.keys(error ?? {}).length === 0) return undefined;
  return parsed.data;
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
  if (meaning === "moderation") return moderationBlocked(error);
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
  if (meaning === "moderation") return moderationBlocked(error);
  if (meaning === "our_account") return ourAccount(200, error);
  const message = redactVendorText(error.message) || "the vendor could not make the image";
  return { kind: "failed", code: "vendor_failed", message };
}

export function meaningOf(
  error: VendorError | undefined,
  classes: readonly CodeClass[],
): CodeMeaning | undefined {
  if (error === undefined) return undefined;
  const found = classes.find(
    ({ codes, types = [] }) =>
      types.includes(error.type) ||
      codes.some((code) =>
        typeof code === "string" ? code === error.code : code.test(error.code),
      ),
  );
  return found?.means;
}

function moderationBlocked(error: VendorError | undefined): Judged {
  const message = redactVendorText(error?.message ?? "") || "the vendor's moderation refused it";
  return { kind: "refused", code: "moderation_blocked", message };
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
