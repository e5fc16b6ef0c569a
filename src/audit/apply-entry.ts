import { canonicalText } from "../ledger/canonical-text.ts";
import {
  assertBalanced,
  correctionPostings,
  costPostings,
  endPostings,
  fundPostings,
  holdPostings,
  type Posting,
} from "../ledger/journal.ts";
import { addUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { EntryText } from "./entry-text.ts";
import { applyCorrection, standing } from "./model-corrections.ts";
import { addHold, addLateCost, addTask, chargeIn, endHold, settleDue } from "./model-holds.ts";
import { applyOutcome } from "./model-outcomes.ts";
import { applyStatement, countFunds } from "./model-statements.ts";
import { applyAccount, applyKey, applyLimit, applyMove } from "./model-tree.ts";
import { bookIn, type Checks, type RootModel } from "./root-model.ts";

/** Checks an entry against all before it, and adds it to the model. */
export function applyEntry(model: RootModel, entry: EntryText, checks: Checks): void {
  const { compare } = checks;
  compare("root", entry.root, model.root);
  assertBalanced(entry.id, entry.postings);
  const expected = expectedPostings(model, entry);
  compare("postings", canonicalText(entry.postings), canonicalText(expected));
  applyKind(model, entry, checks);
  for (const { book, amount } of entry.postings) {
    model.books.set(book, addUsd(bookIn(model, book), amount));
  }
  model.limitsHouse ||= isOfLimitedHouse(entry);
}

function applyKind(model: RootModel, entry: EntryText, checks: Checks): void {
  const { compare } = checks;
  switch (entry.kind) {
    case "account":
      applyAccount(model, entry, compare);
      break;
    case "limit":
      applyLimit(model, entry, compare);
      break;
    case "key":
      applyKey(model, entry, compare);
      break;
    case "move":
      applyMove(model, entry, compare);
      break;
    case "restore":
      compare("account", entry.account, model.root);
      break;
    case "fund":
      compare("prepaid", model.nodes.get(entry.account)?.prepaid, true);
      compare("funding above zero", entry.amount > ZERO_USD, true);
      countFunds(model, { funded: entry.amount });
      break;
    case "hold":
      addHold(model, entry, checks);
      break;
    case "settle":
    case "void":
      endHold(model, entry, checks);
      break;
    case "cost":
      if (entry.ending === undefined) settleDue(model, entry, compare);
      else addLateCost(model, entry, checks);
      break;
    case "overrun":
    case "exposure":
      settleDue(model, entry, compare);
      break;
    case "task":
      addTask(model, entry, compare);
      break;
    case "correction":
      applyCorrection(model, entry, checks);
      break;
    case "outcome":
      applyOutcome(model, entry, checks);
      break;
    case "statement":
      applyStatement(model, entry, compare);
      break;
    default:
      entry satisfies never;
  }
}

/** MONEY §4: what each kind moves. */
function expectedPostings(model: RootModel, entry: EntryText): readonly Posting[] {
  switch (entry.kind) {
    case "fund":
      return fundPostings(entry.amount);
    case "hold":
      return holdPostings(entry.request.amount);
    case "settle":
    case "void":
      return endPostings(entry.amount, chargeIn(entry));
    case "cost":
      return costPostings(entry.amount);
    case "correction":
      return correctionPostings(entry.of, subtractUsd(entry.after, standing(model, entry)));
    default:
      return [];
  }
}

/** Members and kinds that no program without house limits ever wrote. */
function isOfLimitedHouse(entry: EntryText): boolean {
  switch (entry.kind) {
    case "move":
    case "restore":
    case "correction":
    case "outcome":
    case "statement":
      return true;
    case "account":
    case "key":
      return entry.event === "changed" || ("settings" in entry && entry.settings !== undefined);
    case "limit":
      return entry.before !== undefined;
    case "hold":
      return entry.request.vendorAmount !== undefined;
    default:
      return false;
  }
}
