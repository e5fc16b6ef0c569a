import type { PriceVersion } from "../catalog/schema.ts";
import { canonicalText } from "../ledger/canonical-text.ts";
import {
  assertBalanced,
  type Book,
  books,
  costPostings,
  endingId,
  endPostings,
  fundPostings,
  holdPostings,
  lateId,
  type Posting,
} from "../ledger/journal.ts";
import { NOTHING_USED, type NodeState, roomExceeded, type Used } from "../ledger/limits.ts";
import type { RecordedHold } from "../ledger/recorded.ts";
import { TOTAL_WINDOW, type Windows, windowsAt } from "../ledger/windows.ts";
import { addUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryOf, EntryText } from "./entry-text.ts";
import { rebillEnding, rebillHold, rebillLateCost } from "./rebill.ts";

/** A node as the entries tell it. */
export type ModelNode = {
  readonly parent: string | null;
  readonly kind: "account" | "key";
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: NodeState["limits"];
  readonly createdMs: number;
  readonly sha256: string | null;
  readonly revokedMs: number | null;
};

/** A hold without an ending so far. */
export type ModelHold = {
  readonly request: RecordedHold;
  readonly path: readonly string[];
  readonly windows: Windows;
};

/** Everything that the entries of one root, so far, come to. Built without looking at a projection. */
export type RootModel = {
  readonly root: string;
  readonly books: Map<Book, PicoUsd>;
  readonly nodes: Map<string, ModelNode>;
  /** By `node window`. */
  readonly counters: Map<string, Used>;
  readonly open: Map<string, ModelHold>;
  /** Holds that recovery ended, for results that came after. */
  readonly recovered: Map<string, RecordedHold>;
  /** Entries that an ending must be followed by: their text, by id. */
  readonly due: Map<string, string>;
  holds: number;
  endings: number;
};

export function emptyModel(root: string): RootModel {
  return {
    root,
    books: new Map(books.map((book) => [book, ZERO_USD])),
    nodes: new Map(),
    counters: new Map(),
    open: new Map(),
    recovered: new Map(),
    due: new Map(),
    holds: 0,
    endings: 0,
  };
}

/** Finds a stored price version by its hash. */
export type PriceOf = (sha256: string) => PriceVersion;

/** Checks an entry against all before it, and adds it. */
export function applyEntry(
  model: RootModel,
  entry: EntryText,
  with_: { readonly compare: Compare; readonly priceOf: PriceOf },
): void {
  const { compare, priceOf } = with_;
  compare("root", entry.root, model.root);
  assertBalanced(entry.id, entry.postings);
  compare("postings", canonicalText(entry.postings), canonicalText(expectedPostings(entry)));
  for (const { book, amount } of entry.postings) {
    model.books.set(book, addUsd(model.books.get(book) ?? ZERO_USD, amount));
  }
  switch (entry.kind) {
    case "account":
      addAccount(model, entry, compare);
      break;
    case "limit":
      changeNode(model, entry.account, { limits: limitsOf(entry.limits) });
      break;
    case "key":
      applyKey(model, entry);
      break;
    case "fund":
      compare("prepaid", model.nodes.get(entry.account)?.prepaid, true);
      break;
    case "hold":
      addHold(model, entry, { compare, priceOf });
      break;
    case "settle":
    case "void":
      endHold(model, entry, { compare, priceOf });
      break;
    case "cost":
      if (entry.ending === undefined) settleDue(model, entry, compare);
      else addLateCost(model, entry, { compare, priceOf });
      break;
    case "overrun":
    case "exposure":
      settleDue(model, entry, compare);
      break;
    case "task":
      compare("hold of the task", model.open.has(entry.hold), true);
      break;
    default:
      entry satisfies never;
  }
}

/** MONEY §4: what each kind moves. */
function expectedPostings(entry: EntryText): readonly Posting[] {
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
    default:
      return [];
  }
}

function chargeIn(entry: EntryOf<"settle"> | EntryOf<"void">): PicoUsd {
  return entry.ending.kind === "settle" ? entry.ending.charge : ZERO_USD;
}

function addAccount(model: RootModel, entry: EntryOf<"account">, compare: Compare): void {
  compare("id of the account", entry.id, entry.account);
  const { name, prepaid, createdMs } = entry;
  model.nodes.set(entry.id, {
    parent: null,
    kind: "account",
    name,
    prepaid,
    limits: limitsOf(entry.limits),
    createdMs,
    sha256: null,
    revokedMs: null,
  });
}

function applyKey(model: RootModel, entry: EntryOf<"key">): void {
  if (entry.event === "revoked") {
    changeNode(model, entry.key, { revokedMs: entry.createdMs });
    return;
  }
  model.nodes.set(entry.key, {
    parent: entry.account,
    kind: "key",
    name: entry.name ?? "",
    prepaid: false,
    limits: limitsOf({}),
    createdMs: entry.createdMs,
    sha256: entry.sha256 ?? null,
    revokedMs: null,
  });
}

function changeNode(model: RootModel, id: string, change: Partial<ModelNode>): void {
  const node = model.nodes.get(id);
  if (node === undefined) throw new Error(`no entry makes the node ${id}`);
  model.nodes.set(id, { ...node, ...change });
}

function limitsOf(limits: EntryOf<"limit">["limits"]): NodeState["limits"] {
  const { day = null, month = null, total = null } = limits;
  return { day, month, total };
}

type Checks = { readonly compare: Compare; readonly priceOf: PriceOf };

function addHold(model: RootModel, entry: EntryOf<"hold">, checks: Checks): void {
  const { request, path, windows } = entry;
  const { compare } = checks;
  compare("id of the hold", request.id, entry.id);
  compare("path", path.join(" "), pathIn(model, request.keyId).join(" "));
  compare("account", path[1], entry.account);
  compare("windows", canonicalText(windows), canonicalText(windowsAt(entry.createdMs)));
  rebillHold(request, checks.priceOf(request.price.sha256), compare);
  compareRoom(model, entry, compare);
  for (const key of countersOf(entry)) {
    const { settled, held } = model.counters.get(key) ?? NOTHING_USED;
    model.counters.set(key, { settled, held: addUsd(held, request.amount) });
  }
  model.open.set(entry.id, { request, path, windows });
  model.holds += 1;
}

function pathIn(model: RootModel, id: string): readonly string[] {
  const node = model.nodes.get(id);
  if (node === undefined) throw new Error(`no entry makes the node ${id}`);
  return node.parent === null ? [id] : [id, ...pathIn(model, node.parent)];
}

/** Entries stand in the order in which they were decided, so that every hold must have fitted (P9). */
function compareRoom(model: RootModel, entry: EntryOf<"hold">, compare: Compare): void {
  const book = (name: Book): PicoUsd => model.books.get(name) ?? ZERO_USD;
  const { amount } = entry.request;
  const root = {
    id: model.root,
    prepaid: model.nodes.get(model.root)?.prepaid ?? false,
    // The hold's own postings are in the books already.
    available: addUsd(book("available"), amount),
    held: subtractUsd(book("held"), amount),
    vendorPayable: book("vendor_payable"),
  };
  const nodes = entry.path.map((id): NodeState => {
    const limits = model.nodes.get(id)?.limits ?? { day: null, month: null, total: null };
    const used = (window: string): Used => model.counters.get(`${id} ${window}`) ?? NOTHING_USED;
    const { day, month } = entry.windows;
    return { id, limits, used: { day: used(day), month: used(month), total: used(TOTAL_WINDOW) } };
  });
  const room = roomExceeded(amount, root, nodes);
  if (room === undefined) return;
  compare(`held within the ${room.limit} of ${room.node}`, amount, `at most ${room.available}`);
}

/** The counters that a hold counts at: every node of its path in each of its windows. */
function countersOf(hold: { path: readonly string[]; windows: Windows }): readonly string[] {
  const { day, month } = hold.windows;
  return hold.path.flatMap((node) =>
    [day, month, TOTAL_WINDOW].map((window) => `${node} ${window}`),
  );
}

function endHold(
  model: RootModel,
  entry: EntryOf<"settle"> | EntryOf<"void">,
  checks: Checks,
): void {
  const { compare } = checks;
  const { ending, amount } = entry;
  const hold = model.open.get(entry.hold);
  if (hold === undefined) {
    compare("open hold to end", entry.hold, null);
    return;
  }
  compare("id of the ending", entry.id, endingId(entry.hold));
  compare("kind of the ending", ending.kind, entry.kind);
  compare("hold of the ending", ending.holdId, entry.hold);
  compare("account", entry.account, hold.request.accountId);
  compare("amount of the hold", amount, hold.request.amount);
  const charge = chargeIn(entry);
  compare("charge at most the hold", charge >= ZERO_USD && charge <= amount, true);
  rebillEnding(ending, billedBy(hold.request, entry, checks.priceOf), compare);
  for (const key of countersOf(hold)) {
    const { settled, held } = model.counters.get(key) ?? NOTHING_USED;
    model.counters.set(key, {
      settled: addUsd(settled, charge),
      held: subtractUsd(held, amount),
    });
  }
  model.open.delete(entry.hold);
  model.endings += 1;
  if (ending.kind === "void" && ending.outcome === "recovered") {
    model.recovered.set(entry.hold, hold.request);
  }
  addDue(model, entry);
}

function billedBy(
  hold: RecordedHold,
  entry: { readonly ending?: EntryOf<"settle">["ending"] | undefined },
  priceOf: PriceOf,
) {
  const echoed = entry.ending?.echoedPrice ?? null;
  const echoedPrice = echoed === null ? undefined : priceOf(echoed.sha256);
  return { hold, price: priceOf(hold.price.sha256), echoedPrice };
}

/** Cost, overrun and exposure of an ending have entries of their own. */
function addDue(model: RootModel, entry: EntryOf<"settle"> | EntryOf<"void">): void {
  const { ending, hold } = entry;
  const cost = ending.vendorCost?.total ?? ZERO_USD;
  if (cost !== ZERO_USD) model.due.set(`${hold}.cost`, dueText("cost", cost));
  const overrun = ending.kind === "settle" ? ending.overrun : ZERO_USD;
  if (overrun !== ZERO_USD) model.due.set(`${hold}.overrun`, dueText("overrun", overrun));
  if (ending.exposure !== null) {
    const { amount, reason } = ending.exposure;
    model.due.set(`${hold}.exposure`, dueText("exposure", amount, reason));
  }
}

function dueText(kind: string, amount: PicoUsd, reason = ""): string {
  return `${kind} ${amount} ${reason}`;
}

function settleDue(
  model: RootModel,
  entry: EntryOf<"cost"> | EntryOf<"overrun"> | EntryOf<"exposure">,
  compare: Compare,
): void {
  const reason = entry.kind === "exposure" ? entry.reason : "";
  compare("due to its ending", dueText(entry.kind, entry.amount, reason), model.due.get(entry.id));
  model.due.delete(entry.id);
}

function addLateCost(model: RootModel, entry: EntryOf<"cost">, checks: Checks): void {
  const { compare, priceOf } = checks;
  const hold = model.recovered.get(entry.hold);
  if (hold === undefined) {
    compare("recovered hold of a late cost", entry.hold, null);
    return;
  }
  compare("id of the late cost", entry.id, lateId(entry.hold));
  compare("late cost", entry.amount, entry.ending?.vendorCost?.total);
  if (entry.ending !== undefined) {
    rebillLateCost(entry.ending, billedBy(hold, entry, priceOf), compare);
  }
}
