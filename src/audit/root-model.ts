import type { PriceVersion } from "../catalog/schema.ts";
import type { NodeSettings } from "../ledger/accounts-port.ts";
import { type Book, books } from "../ledger/journal.ts";
import { NOTHING_USED, type NodeState, type Used } from "../ledger/limits.ts";
import type { RecordedHold } from "../ledger/recorded.ts";
import type { Windows } from "../ledger/windows.ts";
import { addUsd, type PicoUsd, ZERO_USD } from "../money/pico-usd.ts";
import type { Compare } from "./discrepancy.ts";
import type { EntryText } from "./entry-text.ts";
import { emptyMonths, type MonthModel } from "./month-model.ts";

/** A node as the entries tell it. */
export type ModelNode = {
  readonly parent: string | null;
  readonly kind: "account" | "key";
  readonly name: string;
  readonly prepaid: boolean;
  readonly limits: NodeState["limits"];
  readonly settings: NodeSettings;
  readonly createdMs: number;
  readonly sha256: string | null;
  readonly revokedMs: number | null;
};

/** A hold without an ending so far. */
export type ModelHold = {
  readonly request: RecordedHold;
  readonly path: readonly string[];
  readonly windows: Windows;
  /** The vendor's asynchronous task, once there is one. */
  readonly task: string | null;
};

/** Everything that the entries of one root, so far, come to. Built without looking at a projection. */
export type RootModel = {
  readonly root: string;
  readonly books: Map<Book, PicoUsd>;
  readonly nodes: Map<string, ModelNode>;
  /** By `node window`; the house counts at nodes of its own (`model-house.ts`). */
  readonly counters: Map<string, Used>;
  readonly open: Map<string, ModelHold>;
  /** Entries that an ending must be followed by: their text, by id. */
  readonly due: Map<string, string>;
  /** What corrections made of entries: the newest amount, by the corrected entry. */
  readonly corrected: Map<string, PicoUsd>;
  corrections: number;
  /** Pictures of which an outcome was noted. */
  outcomes: number;
  holds: number;
  endings: number;
  /** Set by the first entry that only a program with house limits writes: holds before it knew none. */
  limitsHouse: boolean;
  readonly months: MonthModel;
};

export function emptyModel(root: string): RootModel {
  return {
    root,
    books: new Map(books.map((book) => [book, ZERO_USD])),
    nodes: new Map(),
    counters: new Map(),
    open: new Map(),
    due: new Map(),
    corrected: new Map(),
    corrections: 0,
    outcomes: 0,
    holds: 0,
    endings: 0,
    limitsHouse: false,
    months: emptyMonths(),
  };
}

/** What an entry is checked with, beside the model. */
export type Checks = {
  readonly compare: Compare;
  /** Finds a stored price version by its hash. */
  readonly priceOf: (sha256: string) => PriceVersion;
  /** An entry of this root that stands before the one being checked; undefined when there is none. */
  readonly earlier: (id: string) => EntryText | undefined;
  /** The place of such an entry. */
  readonly sequenceOf: (id: string) => bigint | undefined;
};

export function bookIn(model: RootModel, book: Book): PicoUsd {
  return model.books.get(book) ?? ZERO_USD;
}

export function nodeIn(model: RootModel, id: string): ModelNode {
  const node = model.nodes.get(id);
  if (node === undefined) throw new Error(`no entry makes the node ${id}`);
  return node;
}

/** Node ids from this one up to its root. */
export function pathIn(model: RootModel, id: string): readonly string[] {
  const { parent } = nodeIn(model, id);
  return parent === null ? [id] : [id, ...pathIn(model, parent)];
}

export function usedIn(model: RootModel, node: string, window: string): Used {
  return model.counters.get(`${node} ${window}`) ?? NOTHING_USED;
}

/** Adds to every given window of every given node. */
export function countIn(
  model: RootModel,
  at: { readonly nodes: readonly string[]; readonly windows: readonly string[] },
  by: Partial<Used>,
): void {
  for (const node of at.nodes) {
    for (const window of at.windows) {
      const { settled, held } = usedIn(model, node, window);
      model.counters.set(`${node} ${window}`, {
        settled: addUsd(settled, by.settled ?? ZERO_USD),
        held: addUsd(held, by.held ?? ZERO_USD),
      });
    }
  }
}
