import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openResultFolder } from "../../src/results/folder.ts";
import { bucketRunFiles, folderRunFiles, type RunFiles } from "../../src/results/run-files.ts";
import { S3Bucket } from "../../src/results/s3-bucket.ts";
import { openS3Results } from "../../src/results/s3-results.ts";
import { textBody } from "../../src/results/s3-upload.ts";
import { startS3 } from "./s3-stand-in.ts";

/** Files of runs lie beside the results, in whichever place, and go with their run alone. */

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A sweep long after everything that lies there. */
const later = { now: () => Date.now() + 7 * 86_400_000, problem: () => undefined };

type Place = { readonly files: RunFiles; readonly sweep: () => Promise<unknown> };

const places: readonly { readonly place: string; readonly open: () => Promise<Place> }[] = [
  {
    place: "a folder",
    open: async () => {
      const folder = mkdtempSync(join(tmpdir(), "spotmeter-files-"));
      closers.push(() => rmSync(folder, { recursive: true, force: true }));
      const results = openResultFolder({ folder, bytesMax: 1_000, ...later });
      return { files: folderRunFiles(folder), sweep: results.sweep };
    },
  },
  {
    place: "a bucket",
    open: async () => {
      const s3 = await startS3();
      const bucket = new S3Bucket(s3.settings, "shop");
      closers.push(s3.close, () => bucket.close());
      const prefix = "spotmeter/";
      const { sweep } = openS3Results({ bucket, prefix, ...later });
      return { files: bucketRunFiles(bucket, prefix), sweep };
    },
  },
];

async function textIn(bytes: AsyncIterable<Buffer> | undefined): Promise<string | undefined> {
  if (bytes === undefined) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe.each(places)("files of runs in $place", ({ open }) => {
  it("lie there as they were put, through sweeps of results, until their run is cleared", async () => {
    const { files, sweep } = await open();
    const [run, other] = ["run_1", "run_2"].map((id) => ({ accountId: "acct_1", id }));
    if (run === undefined || other === undefined) throw new Error("two runs");
    const name = "a".repeat(64);
    expect([await files.has(run, name), await files.read(run, name)]).toEqual([false, undefined]);
    await files.put(run, name, textBody("a mug"));
    await files.put(run, name, textBody("a mug"));
    await files.put(other, name, textBody("a plate"));
    await sweep();
    expect(await files.has(run, name)).toBe(true);
    expect(await textIn(await files.read(run, name))).toBe("a mug");
    await files.clear(run);
    await files.clear(run);
    expect(await files.has(run, name)).toBe(false);
    expect(await textIn(await files.read(other, name))).toBe("a plate");
  });
});
