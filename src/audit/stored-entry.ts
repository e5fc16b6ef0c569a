import { type CanonicalValue, canonicalText } from "../ledger/canonical-text.ts";
import { chainHash } from "../ledger/chain.ts";
import { integerIn, type Row, textIn } from "../ledger/sql/rows.ts";
import { compareAt, naming, type Place } from "./discrepancy.ts";
import { type EntryText, entryTextSchema } from "./entry-text.ts";

/** An entry as its row says it, and as its text does. */
export type StoredEntry = {
  readonly place: Place & { readonly entry: string; readonly root: string };
  readonly sequence: bigint;
  readonly hash: string;
  readonly entry: EntryText;
};

/** Reads a row of `entries` without looking at its neighbours. @throws Error for a text nobody knows. */
export function readEntry(row: Row): Pick<StoredEntry, "entry" | "sequence"> {
  const entry = entryTextSchema.parse(JSON.parse(textIn(row, "text")));
  return { entry, sequence: integerIn(row, "sequence") };
}

/** Checks that a row follows the head of its chain, that its text is canonical, its columns what it says. */
export function nextEntry(
  row: Row,
  head: { readonly sequence: bigint; readonly hash: string },
  world: string,
): StoredEntry {
  const [id, root, text] = [textIn(row, "id"), textIn(row, "root"), textIn(row, "text")];
  const place = { entry: id, root, sequence: Number(integerIn(row, "sequence")) };
  const compare = compareAt(place);
  const sequence = head.sequence + 1n;
  compare("sequence", integerIn(row, "sequence"), sequence);
  const hash = chainHash(head.hash, sequence, text);
  compare("hash", textIn(row, "hash"), hash);
  const entry = naming(place, () => {
    const parsed: CanonicalValue = JSON.parse(text);
    compare("canonical text", text, canonicalText(parsed));
    return entryTextSchema.parse(parsed);
  });
  compare("column id", id, entry.id);
  compare("column kind", textIn(row, "kind"), entry.kind);
  compare("column created_ms", integerIn(row, "created_ms"), entry.createdMs);
  compare("emulated", entry.emulated, world === "sandbox");
  return { place, sequence, hash, entry };
}
