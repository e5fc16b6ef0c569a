import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { PriceVersion } from "../catalog/schema.ts";
import { type CanonicalValue, canonicalText } from "../ledger/canonical-text.ts";
import { CHAIN_START, chainHash } from "../ledger/chain.ts";
import { readStoredPrice } from "../ledger/price-text.ts";
import { compareAt, type Discrepancy, DiscrepancyFound, type Place } from "./discrepancy.ts";
import { entryTextSchema } from "./entry-text.ts";
import { type JournalFile, openJournalFile, type StoredEntry } from "./journal-file.ts";
import { compareProjections, compareProjectionsOf } from "./projections.ts";
import { applyEntry, emptyModel, type PriceOf, type RootModel } from "./root-model.ts";

export type VerifyOptions = {
  /** The ledger's file. It is only read, through a connection of its own. */
  readonly file: string;
  /** Called after every slice with the number of entries verified so far. */
  readonly onProgress?: (entries: number) => void;
};

/** What a verification found. Wire names: the CLI and the API print it as it is. */
export type Verification = {
  readonly ok: boolean;
  readonly entries: number;
  /** Holds that have ended, each bill of which was computed again. */
  readonly receipts: number;
  readonly holds_open: number;
  readonly first_discrepancy: Discrepancy | null;
};

/** Entries verified before others get the thread: a few milliseconds. */
const SLICE = 200;

/**
 * Computes a whole ledger a second time from its entries and stored price versions (P6): chains, columns,
 * postings, endings, every hold's ceiling, every charge and cost; then compares books, counters, nodes and
 * holds with what was computed. Stops at the first discrepancy and names it.
 *
 * Reads one snapshot, in slices that yield, beside a running gateway. It proves that nothing was edited
 * since a head that is kept elsewhere; who can rewrite the whole file can rewrite its chain too.
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const database = new DatabaseSync(options.file, { readOnly: true, readBigInts: true });
  const counts = { entries: 0, receipts: 0, open: 0 };
  const result = (found: Discrepancy | null): Verification => ({
    ok: found === null,
    entries: counts.entries,
    receipts: counts.receipts,
    holds_open: counts.open,
    first_discrepancy: found,
  });
  try {
    const journal = openJournalFile(database);
    const priceOf = readPrices(journal);
    compareProjections(journal, compareAt({ entry: null, root: null, sequence: null }));
    for (const root of journal.roots()) {
      const model = emptyModel(root);
      await verifyRoot({ journal, model, priceOf, counts, onProgress: options.onProgress });
      counts.receipts += model.endings;
      counts.open += model.open.size;
    }
    return result(null);
  } catch (error) {
    if (error instanceof DiscrepancyFound) return result(error.discrepancy);
    throw error;
  } finally {
    database.close();
  }
}

async function verifyRoot(of: {
  readonly journal: JournalFile;
  readonly model: RootModel;
  readonly priceOf: PriceOf;
  readonly counts: { entries: number };
  readonly onProgress: ((entries: number) => void) | undefined;
}): Promise<void> {
  const { journal, model, priceOf, counts, onProgress } = of;
  let head: Head = { sequence: 0n, hash: CHAIN_START };
  for (;;) {
    const slice = journal.entries(model.root, head.sequence, SLICE);
    for (const entry of slice) {
      head = verifyEntry(entry, head, { journal, model, priceOf });
      counts.entries += 1;
    }
    if (slice.length < SLICE) break;
    onProgress?.(counts.entries);
    await setImmediate();
  }
  const place = { entry: null, root: model.root, sequence: null };
  compareProjectionsOf(model, head, { journal, compare: compareAt(place) });
  onProgress?.(counts.entries);
}

type Head = { readonly sequence: bigint; readonly hash: string };

function verifyEntry(
  stored: StoredEntry,
  head: Head,
  of: { readonly journal: JournalFile; readonly model: RootModel; readonly priceOf: PriceOf },
): Head {
  const { id, root, text } = stored;
  const place = { entry: id, root, sequence: Number(stored.sequence) };
  const compare = compareAt(place);
  const sequence = head.sequence + 1n;
  compare("sequence", stored.sequence, sequence);
  const hash = chainHash(head.hash, sequence, text);
  compare("hash", stored.hash, hash);
  naming(place, () => {
    const parsed: CanonicalValue = JSON.parse(text);
    compare("canonical text", text, canonicalText(parsed));
    const entry = entryTextSchema.parse(parsed);
    compare("column id", id, entry.id);
    compare("column kind", stored.kind, entry.kind);
    compare("column created_ms", stored.createdMs, entry.createdMs);
    compare("emulated", entry.emulated, of.journal.world === "sandbox");
    applyEntry(of.model, entry, { compare, priceOf: of.priceOf });
    of.journal.compareHold(entry, compare);
  });
  return { sequence, hash };
}

/** An entry that can't be read, or that breaks a law of the journal, is a discrepancy and not a crash. */
function naming(place: Place, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof DiscrepancyFound || !(error instanceof Error)) throw error;
    const computed = error.message;
    throw new DiscrepancyFound({ ...place, what: "entry", stored: "unsound", computed });
  }
}

/** Every stored price version must be what its hash says, used or not. */
function readPrices(journal: JournalFile): PriceOf {
  const prices = new Map<string, PriceVersion>();
  const place = { entry: null, root: null, sequence: null };
  for (const stored of journal.prices()) {
    naming(place, () => {
      prices.set(stored.sha256, readStoredPrice(stored));
    });
  }
  return (sha256) => {
    const price = prices.get(sha256);
    if (price === undefined) throw new Error(`price version ${sha256} isn't stored`);
    return price;
  };
}
