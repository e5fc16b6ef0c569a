import { pictureName } from "../../runs/file-names.ts";
import { Refused, refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { runPath } from "./load.ts";
import type { Manifest } from "./manifest.ts";
import { Outcomes } from "./outcomes.ts";
import { BadDownload, downloaded, type RunPlace } from "./place.ts";
import type { RunNames } from "./run-folder.ts";
import type { RunImage, RunRowEnded } from "./wire.ts";

/** Pictures that come at a time. */
const AT_ONCE = 8;
const TRIES = 3;
/** Lines that wait for the disk together; a crash costs so many pictures another download, never money. */
const FLUSH_LINES = 64;

const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["png", "png"],
  ["jpeg", "jpg"],
  ["webp", "webp"],
  ["gif", "gif"],
]);

type SinkOf = {
  readonly gateway: Gateway;
  readonly run: string;
  readonly emulated: boolean;
  readonly place: RunPlace;
  readonly manifest: Manifest;
  readonly names: RunNames;
};

/** Brings the pictures of rows that ended into their place, and writes down what became of each row. */
export class PictureSink {
  readonly #of: SinkOf;
  readonly outcomes = new Outcomes();
  readonly #running = new Set<Promise<void>>();
  #unflushed = 0;
  #fetched = 0;
  #broken: Error | undefined;

  constructor(of: SinkOf) {
    this.#of = of;
  }

  /** Why nothing more can be written; undefined while all is well. */
  get broken(): Error | undefined {
    return this.#broken;
  }

  /** Pictures that came, those that lay there before apart. */
  get fetched(): number {
    return this.#fetched;
  }

  /** Takes rows as they ended; returns when they are in their place, or nothing more can be written. */
  async take(rows: readonly RunRowEnded[]): Promise<void> {
    for (const row of rows) {
      this.outcomes.take(row);
      if (row.state !== "done") continue;
      for (const image of row.images) {
        if (this.#broken !== undefined) return;
        while (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
        this.#start(row, image);
      }
    }
    await Promise.all(this.#running);
    await this.#guarded(async () => {
      const { manifest, place, names } = this.#of;
      await manifest.flush();
      await this.outcomes.writeNowAndThen(place, names.order);
    });
  }

  #start(row: RunRowEnded, image: RunImage): void {
    const work = this.#guarded(() => this.#bring(row, image)).finally(() => {
      this.#running.delete(work);
    });
    this.#running.add(work);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      if (this.#broken === undefined) await work();
    } catch (cause) {
      this.#broken ??= cause instanceof Error ? cause : new Error(String(cause));
    }
  }

  async #bring(row: RunRowEnded, image: RunImage): Promise<void> {
    const { manifest, names, emulated } = this.#of;
    const { index, sha256, bytes, width, height, format } = image;
    if (sha256 === null) {
      this.outcomes.lose(row, "the gateway has kept nothing of it");
      return;
    }
    const extension = EXTENSIONS.get(format ?? "") ?? "bin";
    const file = pictureName(names.of(row.id, row.images.length), index, extension);
    if (!manifest.has(row.id, index, { file, sha256 })) {
      const lost = await this.#fetch(row, { index, sha256, format }, file);
      if (lost !== undefined) {
        this.outcomes.lose(row, lost);
        return;
      }
      this.#fetched += 1;
    }
    const { id, model, quality, receipt_id: receipt } = row;
    const isFirst = index === Math.min(...row.images.map((each) => each.index));
    const charge = isFirst ? (row.charge ?? "0") : "0";
    const figures = { sha256, bytes, width, height, model, quality, receipt, charge, emulated };
    manifest.set({ id, index, file, ...figures });
    this.#unflushed += 1;
    if (this.#unflushed < FLUSH_LINES) return;
    this.#unflushed = 0;
    await manifest.flush();
  }

  /** @returns why it can't be had, where the gateway hasn't got it. @throws what the disk says */
  async #fetch(
    row: RunRowEnded,
    { index, sha256, format }: Pick<RunImage, "index" | "format"> & { readonly sha256: string },
    file: string,
  ): Promise<string | undefined> {
    const { gateway, run, place } = this.#of;
    const path = `${runPath(run)}/rows/${encodeURIComponent(row.id)}/images/${index}`;
    const bring = async (): Promise<void> => {
      const { bytes } = await gateway.download({ method: "GET", path });
      const contentType = format === null ? "application/octet-stream" : `image/${format}`;
      await place.putPicture(file, { bytes: downloaded(bytes), sha256, contentType });
    };
    try {
      await severalTimes(bring);
      return undefined;
    } catch (cause) {
      if (cause instanceof Refused && cause.said.code === "not_found") return cause.message;
      if (!(cause instanceof BadDownload)) throw cause;
      throw refused("picture_not_fetched", `${row.id}: ${cause.message}`, { cause });
    }
  }
}

async function severalTimes(work: () => Promise<void>): Promise<void> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof BadDownload) || left === 0) throw cause;
    }
  }
}
