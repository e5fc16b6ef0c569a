import type { IncomingMessage } from "node:http";
import { Refusal } from "../refusals.ts";
import { type JsonPath, JsonScanner, ScanError } from "../vendors/wire/scan-json.ts";
import { type FeedLimits, feedBody } from "./feed.ts";
import { JSON_BYTES_MAX, REFERENCES_MAX } from "./limits.ts";
import type { PictureRoom } from "./picture.ts";
import { PictureText, type TextKind, type TextPicture } from "./picture-text.ts";

/** Where pictures stand in a JSON body, by its surface. */
export type PicturePlaces = {
  /** How the string at a place is to be read; undefined where it is no picture. */
  readonly kindAt: (path: JsonPath) => TextKind | undefined;
  /** What a picture is called in refusals. @param nth how many stood at the same kind of place before it. */
  readonly nameOf: (path: JsonPath, nth: number) => string;
  readonly room: PictureRoom;
  /** Pictures in one body: `REFERENCES_MAX` and a mask where nothing is given. */
  readonly picturesMax?: number;
};

/** A picture where it stood. */
export type PlacedPicture = { readonly path: JsonPath; readonly text: TextPicture };

/** A whole JSON body, pictures apart. */
export type PictureJson = {
  /** The body as JSON reads it, with each picture's string empty. */
  readonly value: unknown;
  /** In the order of the body. A name that stands twice in an object gives two pictures, and one in `value`. */
  readonly pictures: readonly PlacedPicture[];
};

type Step =
  | { readonly kind: "begin"; readonly path: JsonPath }
  | { readonly kind: "piece"; readonly bytes: Buffer }
  | { readonly kind: "end" };

/**
 * Reads a JSON body whose pictures are strings of megabytes: each goes to the room as it comes, what stands
 * around them is at most 1 MiB.
 *
 * @throws Refusal `invalid_json`, `body_too_large`, `too_many_images`, or what is wrong with a picture.
 */
export async function readPictureJson(
  request: IncomingMessage,
  places: PicturePlaces,
  limits: FeedLimits = {},
): Promise<PictureJson> {
  const reader = new PictureJsonReader(places);
  await feedBody(request, (chunk) => reader.write(chunk), { ...limits, code: "invalid_json" });
  return reader.finish();
}

class PictureJsonReader {
  readonly #places: PicturePlaces;
  readonly #scanner: JsonScanner;
  readonly #pictures: PlacedPicture[] = [];
  readonly #counts = new Map<string, number>();
  #steps: Step[] = [];
  #begun = 0;
  #open: { readonly path: JsonPath; readonly text: PictureText } | undefined;

  constructor(places: PicturePlaces) {
    this.#places = places;
    this.#scanner = new JsonScanner(
      {
        isStreamed: (path) => places.kindAt(path) !== undefined,
        begin: (path) => void this.#steps.push({ kind: "begin", path }),
        piece: (bytes) => void this.#steps.push({ kind: "piece", bytes }),
        end: () => void this.#steps.push({ kind: "end" }),
      },
      JSON_BYTES_MAX,
    );
  }

  write(chunk: Buffer): Promise<void> | undefined {
    scanned(() => this.#scanner.write(chunk));
    const steps = this.#steps;
    this.#steps = [];
    return steps.length === 0 ? undefined : this.#run(steps);
  }

  finish(): PictureJson {
    const bytes = scanned(() => this.#scanner.skeleton());
    return { value: parsed(bytes), pictures: this.#pictures };
  }

  async #run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === "begin") this.#begin(step.path);
      else if (step.kind === "piece") await this.#open?.text.piece(step.bytes);
      else this.#end();
    }
  }

  #begin(path: JsonPath): void {
    const { kindAt, nameOf, room, picturesMax = REFERENCES_MAX + 1 } = this.#places;
    this.#begun += 1;
    if (this.#begun > picturesMax) throw tooManyPictures(picturesMax);
    const place = JSON.stringify(path);
    const nth = this.#counts.get(place) ?? 0;
    this.#counts.set(place, nth + 1);
    this.#open = { path, text: new PictureText(nameOf(path, nth), kindAt(path) ?? "url", room) };
  }

  #end(): void {
    if (this.#open === undefined) throw new Error("a picture ends that never began");
    this.#pictures.push({ path: this.#open.path, text: this.#open.text.end() });
    this.#open = undefined;
  }
}

/** What every kind of body says when it brings more pictures than the gateway takes. */
export function tooManyPictures(picturesMax: number): Refusal {
  const message = `more than ${picturesMax} pictures in one request`;
  return new Refusal("too_many_images", message, { param: "image", allowed: { max: picturesMax } });
}

function scanned<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    if (!(cause instanceof ScanError)) throw cause;
    if (cause.isSkeletonTooLarge) {
      const why = `the body holds more than ${JSON_BYTES_MAX} bytes beside its pictures, or a picture where none is read`;
      throw new Refusal("body_too_large", why, { allowed: { bytesMax: JSON_BYTES_MAX } });
    }
    throw new Refusal("invalid_json", "the body is not valid JSON, or nested too deep", { cause });
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Refusal("invalid_json", "the body is not valid JSON in UTF-8", { cause });
  }
}
