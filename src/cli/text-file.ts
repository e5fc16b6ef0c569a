import { writeFile } from "node:fs/promises";
import { refused } from "./failures.ts";

/** Writes a text whole, in place of whatever file is there. @throws Refused naming the file, when the disk says no. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused("not_written", `${path} could not be written: ${why}`, { cause });
  }
}
