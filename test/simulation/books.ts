import { z } from "zod";

/** What the books of every root hold, added up from the postings of its entries alone. */
export type Sums = ReadonlyMap<string, { readonly [book: string]: bigint }>;

const entrySchema = z.object({
  id: z.string(),
  root: z.string(),
  postings: z.array(z.object({ book: z.string(), amount: z.string().regex(/^-?\d+$/) })),
});

/**
 * Adds up a journal, entry by entry.
 *
 * @throws Error for an entry that makes or loses money, or that is there twice.
 */
export function sumsOf(texts: readonly string[]): Sums {
  const sums = new Map<string, { [book: string]: bigint }>();
  const seen = new Set<string>();
  for (const text of texts) {
    const { id, root, postings } = entrySchema.parse(JSON.parse(text));
    if (seen.has(id)) throw new Error(`entry ${id} is there twice`);
    seen.add(id);
    const books = sums.get(root) ?? emptyBooks();
    sums.set(root, books);
    let moved = 0n;
    for (const { book, amount } of postings) {
      books[book] = (books[book] ?? 0n) + BigInt(amount);
      moved += BigInt(amount);
    }
    if (moved !== 0n) throw new Error(`entry ${id} moves ${moved} p$ out of nowhere`);
  }
  return sums;
}

/** The ids of all entries. */
export function idsIn(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.map((text) => entrySchema.parse(JSON.parse(text)).id));
}

function emptyBooks(): { [book: string]: bigint } {
  return { cash: 0n, available: 0n, held: 0n, revenue: 0n, house: 0n, vendor_payable: 0n };
}
