import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { newId } from "../../src/ids.ts";
import { openOutputFolder } from "../../src/outputs/output-folder.ts";
import { openResultFolder } from "../../src/results/folder.ts";

/**
 * Keeps answers and outputs one after the other, and prints the name of each that it was told is kept, until it
 * is killed. Every one of them is 3 MiB of the byte that its name ends with. Argument: a folder.
 */
const [folder = ""] = process.argv.slice(2);
const PIECES = 48;

const results = openResultFolder({
  folder: join(folder, "results"),
  bytesMax: 1024 ** 4,
  freeBytesMin: 0,
  problem: (_id, cause) => {
    throw cause;
  },
});
const outputs = openOutputFolder(join(folder, "outputs"));

async function* bytesOf(digit: number): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < PIECES; piece += 1) {
    await turn();
    yield Buffer.alloc(65_536, String(digit));
  }
}

async function keepAnswers(): Promise<never> {
  for (let index = 0; ; index += 1) {
    const id = newId("rcpt");
    const writer = results.begin(id, `picture-${index % 10}`);
    for await (const piece of bytesOf(index % 10)) await writer.write(piece);
    const kept = await writer.seal({ status: 200, headers: {} }, Buffer.alloc(0));
    if (kept) console.log(`result ${id} ${index % 10}`);
  }
}

async function keepOutputs(): Promise<never> {
  for (let index = 0; ; index += 1) {
    const key = `shop/${randomBytes(8).toString("hex")}-${index % 10}`;
    const said = await outputs.put({
      key,
      contentType: "image/png",
      cacheControl: undefined,
      bytes: {
        length: PIECES * 65_536,
        sha256: "0".repeat(64),
        read: () => bytesOf(index % 10),
      },
    });
    console.log(`output ${key} ${said}`);
  }
}

await Promise.all([keepAnswers(), keepAnswers(), keepOutputs(), keepOutputs()]);
