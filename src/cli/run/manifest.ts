import { z } from "zod";
import { FILES, type RunPlace } from "./place.ts";

/** One picture, as `manifest.jsonl` has it. */
const lineSchema = z.object({
  id: z.string(),
  /** Which of the row's pictures, from 0. */
  index: z.int().nonnegative(),
  file: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  model: z.string().nullable(),
  quality: z.string().nullable(),
  receipt: z.string().nullable(),
  /** USD. What the receipt charges stands on its first picture and "0" on its others, so that lines add up to it. */
  charge: z.string(),
  emulated: z.boolean(),
});
export type ManifestLine = z.infer<typeof lineSchema>;

/**
 * The list of a run's pictures. It grows by a line for each that lies in its place, is whole after any crash but for its
 * last line, and holds each picture once when it is finished.
 */
export class Manifest {
  readonly #place: RunPlace;
  readonly #lines = new Map<string, ManifestLine>();
  readonly #listed = new Set<string>();
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;

  /** Reads what is there; a picture that isn't what its line says is not in it. */
  static async open(place: RunPlace): Promise<Manifest> {
    const text = (await place.readText(FILES.manifest)) ?? "";
    const lines = new Map(readLines(text).map((line) => [keyOf(line.id, line.index), line]));
    const intact = await place.intact([...lines.values()]);
    const manifest = new Manifest(place);
    for (const [key, line] of lines) {
      if (intact.has(line.file)) manifest.#lines.set(key, line);
    }
    // Half a line, or lines of what is gone: whatever is appended must stand behind whole ones.
    if (text !== "") await place.writeText(FILES.manifest, textOf([...manifest.#lines.values()]));
    return manifest;
  }

  private constructor(place: RunPlace) {
    this.#place = place;
  }

  /** Whether this picture lies in its place already. */
  has(id: string, index: number, of: { readonly file: string; readonly sha256: string }): boolean {
    const line = this.#lines.get(keyOf(id, index));
    return line !== undefined && line.file === of.file && line.sha256 === of.sha256;
  }

  /** Takes a line of a picture that lies in its place. */
  set(line: ManifestLine): void {
    const key = keyOf(line.id, line.index);
    const text = JSON.stringify(line);
    this.#listed.add(key);
    const before = this.#lines.get(key);
    if (before !== undefined && JSON.stringify(before) === text) return;
    this.#lines.set(key, line);
    this.#waiting.push(`${text}\n`);
  }

  /** Writes what was taken since, all of it at once. @throws Refused */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting.join("");
    this.#waiting = [];
    this.#writing = this.#place.append(FILES.manifest, lines);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** Writes it anew: the pictures that were taken since it was opened, and no others. @returns them */
  async finish(order: ReadonlyMap<string, number>): Promise<readonly ManifestLine[]> {
    await this.flush();
    const placeOf = ({ id }: ManifestLine): number => order.get(id) ?? Number.MAX_SAFE_INTEGER;
    const lines = [...this.#lines]
      .filter(([key]) => this.#listed.has(key))
      .map(([, line]) => line)
      .toSorted((left, right) => placeOf(left) - placeOf(right) || left.index - right.index);
    await this.#place.writeText(FILES.manifest, textOf(lines));
    return lines;
  }
}

function keyOf(id: string, index: number): string {
  return `${index} ${id}`;
}

function textOf(lines: readonly ManifestLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** What is no line of ours counts as none: its picture is fetched again. */
function readLines(text: string): readonly ManifestLine[] {
  return text.split("\n").flatMap((line) => {
    try {
      return lineSchema.safeParse(JSON.parse(line)).data ?? [];
    } catch {
      return [];
    }
  });
}
