import type { ImageFacts } from "../ledger/port.ts";
import type { ImageSink } from "../vendors/port.ts";
import { type AskedOfImage, ImageInspector } from "./image-facts.ts";

/** Looks at images as they pass, and keeps nothing of them. */
export class PassingImages implements ImageSink {
  readonly #asked: AskedOfImage;
  readonly #images: ImageFacts[] = [];
  #inspector: ImageInspector | undefined;

  constructor(asked: AskedOfImage) {
    this.#asked = asked;
  }

  get images(): readonly ImageFacts[] {
    return this.#images;
  }

  begin(): void {
    this.#inspector = new ImageInspector();
  }

  piece(base64: Buffer): undefined {
    this.#inspector?.piece(base64);
  }

  end(): void {
    if (this.#inspector === undefined) throw new Error("an image ended that had not begun");
    this.#images.push(this.#inspector.facts(this.#asked));
    this.#inspector = undefined;
  }
}
