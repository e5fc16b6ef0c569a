import { BrokenPicture, type ByteWindow } from "./byte-window.ts";
import type { Measures } from "./measures.ts";

/** Directories that are looked at: pages, and small copies of them. */
const DIRECTORIES_MAX = 64;
const ENTRIES_MAX = 4_096;
const ENTRY_BYTES = 12;
const tags = {
  subfileType: 254,
  width: 256,
  height: 257,
  stripOffsets: 273,
  stripLengths: 279,
  tileOffsets: 324,
  tileLengths: 325,
  extraSamples: 338,
};
/** A small copy or a mask of another directory's picture: bits 0 and 2. */
const NO_PAGE_BITS = 5;
const BYTES_OF = new Map([
  [3, 2], // SHORT
  [4, 4], // LONG
]);

/** Walks the directories. Source: TIFF 6.0, sections 2, 7, 8, 15, 18 [spec]. */
export async function measureTiff(window: ByteWindow): Promise<Measures> {
  const reader = new TiffReader(window, (await window.bytes(0, 2)).toString("latin1") === "II");
  const first = await reader.directory(await reader.number(4, 4));
  const width = await reader.last(first, tags.width);
  const height = await reader.last(first, tags.height);
  if (width === undefined || height === undefined) {
    throw new BrokenPicture("it is a TIFF without dimensions");
  }
  await assertWhole(reader, first);
  const extra = await reader.last(first, tags.extraSamples);
  return {
    width,
    height,
    // 1 and 2 are the two kinds of transparency.
    alpha: extra === 1 || extra === 2,
    animated: await hasPages(reader, first.next),
  };
}

/** The picture's last stretch of data must be there. */
async function assertWhole(reader: TiffReader, directory: Directory): Promise<void> {
  const at =
    (await reader.last(directory, tags.stripOffsets)) ??
    (await reader.last(directory, tags.tileOffsets));
  const length =
    (await reader.last(directory, tags.stripLengths)) ??
    (await reader.last(directory, tags.tileLengths));
  if (at === undefined || length === undefined) {
    throw new BrokenPicture("it is a TIFF without picture data");
  }
  if (at + length > reader.length) throw new BrokenPicture("it is a TIFF that is cut off");
}

async function hasPages(reader: TiffReader, from: number): Promise<boolean> {
  let next = from;
  for (let count = 0; next !== 0; count += 1) {
    if (count === DIRECTORIES_MAX) throw new BrokenPicture("it is a TIFF of too many parts");
    const directory = await reader.directory(next);
    const kind = (await reader.last(directory, tags.subfileType)) ?? 0;
    if ((kind & NO_PAGE_BITS) === 0) return true;
    next = directory.next;
  }
  return false;
}

type Entry = { readonly type: number; readonly count: number; readonly valueAt: number };
type Directory = { readonly entries: ReadonlyMap<number, Entry>; readonly next: number };

class TiffReader {
  readonly #window: ByteWindow;
  readonly #littleEndian: boolean;

  constructor(window: ByteWindow, littleEndian: boolean) {
    this.#window = window;
    this.#littleEndian = littleEndian;
  }

  get length(): number {
    return this.#window.length;
  }

  async number(at: number, bytes: number): Promise<number> {
    const buffer = await this.#window.bytes(at, bytes);
    return this.#littleEndian ? buffer.readUIntLE(0, bytes) : buffer.readUIntBE(0, bytes);
  }

  async directory(at: number): Promise<Directory> {
    const count = await this.number(at, 2);
    if (count === 0 || count > ENTRIES_MAX) {
      throw new BrokenPicture("it is a TIFF with a broken directory");
    }
    const entries = new Map<number, Entry>();
    for (let index = 0; index < count; index += 1) {
      const entryAt = at + 2 + index * ENTRY_BYTES;
      const type = await this.number(entryAt + 2, 2);
      const entry = { type, count: await this.number(entryAt + 4, 4), valueAt: entryAt + 8 };
      entries.set(await this.number(entryAt, 2), entry);
    }
    return { entries, next: await this.number(at + 2 + count * ENTRY_BYTES, 4) };
  }

  /** The last number of an entry; undefined when the directory hasn't got it. */
  async last({ entries }: Directory, tag: number): Promise<number | undefined> {
    const entry = entries.get(tag);
    if (entry === undefined) return undefined;
    const bytes = BYTES_OF.get(entry.type);
    if (bytes === undefined || entry.count === 0) {
      throw new BrokenPicture("it is a TIFF with a broken entry");
    }
    // Up to four bytes stand in the entry itself, more of them elsewhere.
    const inside = bytes * entry.count <= 4;
    const from = inside ? entry.valueAt : await this.number(entry.valueAt, 4);
    return await this.number(from + bytes * (entry.count - 1), bytes);
  }
}
