import { hash } from "node:crypto";
import { statementEntry, statementId, statementJson, statementNumber } from "../statement-entry.ts";
import type { IssueResult, StatementDraft } from "../statements-port.ts";
import { monthAfter, monthStartMs } from "../windows.ts";
import { accountOf, append, type Context, originOf, requireRoot } from "./context.ts";

export type Issued =
  | { readonly kind: "issued"; readonly isNew: boolean }
  | Exclude<IssueResult, { readonly kind: "issued" }>;

/**
 * Issues a statement: the next number of its root and month, its bytes, its memo. Once for an account and a
 * month; whoever asks again is told of the one that stands.
 */
export function issueStatement(draft: StatementDraft, context: Context): Issued {
  const { set, nowMs } = context;
  const { accountId, month, closing, figures, members, actor } = draft;
  const account = accountOf(accountId, set);
  if (account === undefined) return { kind: "refused", reason: "unknown_account" };
  const { root } = account;
  const id = statementId(accountId, month);
  if (set.entry(root, id) !== undefined) return { kind: "issued", isNew: false };
  if (nowMs < monthStartMs(monthAfter(month))) return { kind: "refused", reason: "month_not_over" };
  const { sequence: head } = requireRoot(root, set);
  // The memo itself is the entry that ends the month, but only if nothing came in between.
  if (draft.isHead && head !== BigInt(closing.sequence)) return { kind: "moved" };
  const ordinal = set.newestStatement(root, month) + 1;
  const number = statementNumber(month, ordinal);
  const json = statementJson(members, { number, issuedMs: nowMs });
  const sha256 = hash("sha256", json, "hex");
  const { opening } = draft;
  const memo = { month, actor, opening, closing, figures, number, sha256 };
  const origin = originOf({ root, account: accountId }, context);
  const { sequence } = append(root, [statementEntry(memo, origin)], context);
  set.issue({
    ...{ root, id, number, ordinal, account: accountId, month, sha256, json, sequence },
    ...{ opening: BigInt(opening.sequence), closing: BigInt(closing.sequence) },
    ...{ total: figures.total, createdMs: nowMs },
  });
  return { kind: "issued", isNew: true };
}
