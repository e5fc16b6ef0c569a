import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { shown } from "./columns.ts";
import type { Problems } from "./problems.ts";
import type { RunRow } from "./read-rows.ts";

/** Files that are hashed at a time. */
const AT_ONCE = 4;

/** The files that rows bring, each read once for its SHA-256. */
export class PictureHashes {
  readonly #hashes = new Map<string, string | Error>();
  readonly #paths = new Map<string, string>();

  /** Paths by SHA-256. */
  get paths(): ReadonlyMap<string, string> {
    return this.#paths;
  }

  /** Reads whatever file of these rows wasn't read yet. */
  async hashAll(rows: readonly RunRow[]): Promise<void> {
    const pictures = rows.flatMap(({ references, mask }) =>
      mask === undefined ? references : [...references, mask],
    );
    const paths = pictures.flatMap(({ path }) => path ?? []);
    const fresh = [...new Set(paths)].filter((path) => !this.#hashes.has(path)).values();
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (const path of fresh) await this.#hash(path);
    });
    await Promise.all(workers);
  }

  async #hash(path: string): Promise<void> {
    try {
      await using file = await open(path);
      const hash = createHash("sha256");
      for await (const piece of file.createReadStream({ autoClose: false })) hash.update(piece);
      const hex = hash.digest("hex");
      this.#hashes.set(path, hex);
      this.#paths.set(hex, path);
    } catch (cause) {
      this.#hashes.set(path, cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  /** As the gateway takes it: `sha256:…`. What can't be sent is a problem of its row. */
  of(
    path: string | undefined,
    at: { readonly line: number; readonly column: string },
    problems: Problems,
  ): string | undefined {
    if (path === undefined) {
      problems.add(at.line, at.column, "WIDTHxHEIGHT is enough for a plan; a run needs the file");
      return undefined;
    }
    const hash = this.#hashes.get(path);
    if (typeof hash === "string") return `sha256:${hash}`;
    problems.add(at.line, at.column, `${shown(path)}: can't be read: ${hash?.message ?? ""}`);
    return undefined;
  }
}
