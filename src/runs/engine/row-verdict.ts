import { leavesCost } from "../../gateway/judge.ts";
import type { JsonValue } from "../../json.ts";
import type { ImageFacts, LedgerCall } from "../../ledger/port.ts";
import { Refusal, type RefusalCode } from "../../refusals.ts";
import { type Stop, stopOf } from "./stop.ts";

/** What one call of a row came to, and what follows for the row. */
export type Verdict =
  | {
      readonly kind: "end";
      readonly state: "done" | "moderated" | "refused" | "failed" | "unknown" | "blocked";
      readonly receiptId: string | null;
      readonly code: string | null;
      readonly detail: JsonValue;
    }
  /** Nothing was spent: it waits, and is tried again. */
  | {
      readonly kind: "again";
      readonly refusal: Refusal;
      /** It counts as one of the tries that a row has. */
      readonly counts: boolean;
    }
  /** Nothing was spent, and no other row would fare better: it waits, and the run stops. */
  | { readonly kind: "stop"; readonly stop: Stop }
  /** Somebody else has the run. */
  | { readonly kind: "lost" };

/** Refusals before a hold after which the row is tried again as told; those that count are the row's own bad luck. */
const AGAIN: Partial<Readonly<Record<RefusalCode, { readonly counts: boolean }>>> = {
  vendor_busy: { counts: true },
  vendor_unreachable: { counts: true },
  no_room: { counts: true },
  rate_limited: { counts: false },
  connection_busy: { counts: false },
  ledger_unavailable: { counts: false },
  price_changed: { counts: false },
};

/** What a refusal means that came before any hold. */
export function verdictOfRefusal(row: string, refusal: Refusal): Verdict {
  if (refusal.code === "claim_lost") return { kind: "lost" };
  const stop = stopOf(refusal, row);
  if (stop !== undefined) return { kind: "stop", stop };
  const again = AGAIN[refusal.code];
  if (again !== undefined) return { kind: "again", refusal, ...again };
  const { code } = refusal;
  const state = code === "internal_error" ? "failed" : "blocked";
  return { kind: "end", state, receiptId: null, code, detail: saidOf(refusal) };
}

/**
 * What the ledger says of a call that has ended. Works as well for a call of a gateway that has crashed.
 *
 * @param told what the call was refused with, where this process has seen it: the vendor's words stand nowhere else.
 */
export function verdictOfCall(call: LedgerCall, told: Refusal | undefined): Verdict {
  const { ending, hold } = call;
  if (ending === undefined) throw new Error(`${hold.id} hasn't ended`);
  const receiptId = hold.id;
  if (ending.kind === "settle") {
    const images = ending.images.map(imageJson);
    const detail = { model: hold.model, quality: ending.qualityBilled ?? null, images };
    return { kind: "end", state: "done", receiptId, code: null, detail };
  }
  const { code } = ending;
  const refusal = told ?? refusedBefore(code);
  const detail = { model: hold.model, ...saidOf(refusal) };
  const isUnspent = ending.outcome === "unspent" || ending.outcome === "our_account";
  if (isUnspent && leavesCost(ending)) {
    // One of several calls for the row left something: it isn't tried again by itself.
    return { kind: "end", state: "unknown", receiptId, code, detail };
  }
  switch (ending.outcome) {
    case "unspent":
      return { kind: "again", refusal, counts: true };
    case "our_account": {
      const stop = stopOf(refusedAs("vendor_account", refusal), hold.run?.row ?? null);
      if (stop === undefined) throw new Error("our account's refusal stops a run");
      return { kind: "stop", stop };
    }
    case "refused": {
      const state = code === "moderation_blocked" ? "moderated" : "refused";
      return { kind: "end", state, receiptId, code, detail };
    }
    case "failed":
      return { kind: "end", state: "failed", receiptId, code, detail };
    case "unknown":
    case "recovered":
      return { kind: "end", state: "unknown", receiptId, code, detail };
    default:
      return ending.outcome satisfies never;
  }
}

/** Of a row that was claimed, and for which no hold was made before its gateway ended. */
export const NEVER_HELD = new Refusal("claim_lost", "nothing was sent for this row");

/** What a row is told that was refused so often that it isn't tried again. */
export function givenUp(refusal: Refusal, tries: number): Verdict {
  const message = `${refusal.message} (tried ${tries} times)`;
  const detail = { ...saidOf(refusal), message };
  return { kind: "end", state: "failed", receiptId: null, code: refusal.code, detail };
}

/** What a refusal says, in a row's detail. */
export function saidOf({ message, details }: Refusal): { readonly [name: string]: JsonValue } {
  const { param, categories } = details;
  return {
    message,
    ...(param === undefined ? {} : { param }),
    ...(categories === undefined ? {} : { categories: [...categories] }),
  };
}

function refusedAs(code: RefusalCode, { message, details }: Refusal): Refusal {
  return new Refusal(code, message, details);
}

/** A call that ended before this process looked: its words are gone, its code isn't. */
function refusedBefore(code: string): Refusal {
  const unknown = code === "outcome_unknown";
  const message = unknown
    ? "what became of this call is not known: its gateway ended before it did"
    : `this call ended as ${code}, and its gateway ended before it was told more`;
  return new Refusal(unknown ? "outcome_unknown" : "vendor_failed", message);
}

function imageJson({ width, height, format, bytes, sha256, flags }: ImageFacts, index: number) {
  return { index, width, height, format, bytes, sha256, flags: [...flags] };
}
