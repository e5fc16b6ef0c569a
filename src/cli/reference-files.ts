import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { Misuse } from "./failures.ts";

export type ReferenceFlags = { readonly image?: readonly string[] };

/** Gives a command `--image`: pictures to work on, a flag each, so that a prompt behind one stays a prompt. */
export function withReferences(command: Command): Command {
  return command.option(
    "--image <file>",
    "a picture to work on, which makes it an edit; again for each further one, in their order",
    (file: string, before: readonly string[] = []) => [...before, file],
  );
}

/**
 * The pictures as an order takes them, as data URLs. Their type is found by their first bytes, whatever is said.
 *
 * @throws Misuse for a file that can't be read.
 */
export async function readReferences({
  image = [],
}: ReferenceFlags): Promise<{ readonly images?: readonly { readonly image_url: string }[] }> {
  if (image.length === 0) return {};
  const images = await Promise.all(
    image.map(async (file) => {
      try {
        const bytes = await readFile(file);
        return { image_url: `data:image/png;base64,${bytes.toString("base64")}` };
      } catch (cause) {
        throw new Misuse(`--image ${file}: ${cause instanceof Error ? cause.message : cause}`);
      }
    }),
  );
  return { images };
}
