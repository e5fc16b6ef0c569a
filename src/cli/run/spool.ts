import { RestingBytes } from "../../vendors/wire/resting-bytes.ts";

/** Rows of one request, and its bytes. */
const CHUNK_ROWS_MAX = 1_000;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;
/** What is gathered before it goes to where it rests. */
const PIECE_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

/** A chunk of lines, and how many. */
export type RowChunk = { readonly bytes: Buffer; readonly rows: number };

/**
 * Lines that are kept until all are known to be good, in a file without a name once they are many: what was checked is
 * what is sent, whatever becomes of the file that they were read from.
 */
export class RowSpool {
  readonly #resting = new RestingBytes();
  #piece: Buffer[] = [];
  #pieceBytes = 0;

  async add(line: string): Promise<void> {
    const bytes = Buffer.from(`${line}\n`, "utf8");
    this.#piece.push(bytes);
    this.#pieceBytes += bytes.length;
    if (this.#pieceBytes >= PIECE_BYTES) await this.#rest();
  }

  async #rest(): Promise<void> {
    const bytes = Buffer.concat(this.#piece);
    this.#piece = [];
    this.#pieceBytes = 0;
    await this.#resting.append(bytes);
  }

  /** All lines in their order, whole ones in each chunk. */
  async *chunks(): AsyncGenerator<RowChunk, void, undefined> {
    if (this.#pieceBytes > 0) await this.#rest();
    let lines: Buffer[] = [];
    let [bytes, rest] = [0, Buffer.alloc(0)];
    for await (const piece of this.#resting.read()) {
      const all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      let from = 0;
      for (let at = all.indexOf(LINE_FEED); at !== -1; at = all.indexOf(LINE_FEED, from)) {
        const line = all.subarray(from, at + 1);
        from = at + 1;
        if (lines.length === CHUNK_ROWS_MAX || bytes + line.length > CHUNK_BYTES_MAX) {
          if (lines.length > 0) yield { bytes: Buffer.concat(lines), rows: lines.length };
          [lines, bytes] = [[], 0];
        }
        lines.push(line);
        bytes += line.length;
      }
      rest = Buffer.from(all.subarray(from));
    }
    if (lines.length > 0) yield { bytes: Buffer.concat(lines), rows: lines.length };
  }

  dispose(): void {
    this.#resting.dispose();
  }
}
