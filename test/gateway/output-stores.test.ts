import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOutputBucket } from "../../src/outputs/output-bucket.ts";
import { openOutputFolder } from "../../src/outputs/output-folder.ts";
import type { Output, OutputStore } from "../../src/outputs/port.ts";
import { S3Bucket } from "../../src/results/s3-bucket.ts";
import { startS3 } from "./s3-stand-in.ts";

/** What every store of outputs does, whatever lies behind it. */
type OutputWorld = {
  readonly store: OutputStore;
  /** What lies there, hidden or not, by its key. */
  readonly found: () => ReadonlyMap<string, Buffer>;
  readonly breakDown: () => void;
  readonly close: () => Promise<void>;
};

const worlds: readonly [string, () => Promise<OutputWorld>][] = [
  [
    "a folder",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "spotmeter-outputs-"));
      return {
        store: openOutputFolder(folder),
        found: () =>
          new Map(
            readdirSync(folder, { recursive: true, withFileTypes: true })
              .filter((entry) => entry.isFile())
              .map((entry) => join(entry.parentPath, entry.name))
              .map((file) => [file.slice(folder.length + 1), readFileSync(file)]),
          ),
        breakDown: () => {
          rmSync(folder, { recursive: true });
          writeFileSync(folder, "a file in its place");
        },
        close: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  ],
  [
    "an object store",
    async () => {
      const s3 = await startS3();
      const bucket = new S3Bucket(s3.settings, "shop");
      return {
        store: openOutputBucket(bucket, "out/"),
        found: () =>
          new Map(
            [...s3.objects].map(([name, { bytes }]) => [name.slice("shop/out/".length), bytes]),
          ),
        breakDown: () => s3.fail({ matches: /./, status: 500, times: 100 }),
        close: async () => {
          await bucket.close();
          await s3.close();
        },
      };
    },
  ],
];

describe.each(worlds)("outputs in %s", (_name, start) => {
  let world: OutputWorld;
  beforeEach(async () => {
    world = await start();
  });
  afterEach(() => world.close());

  it("lie under their key, whole, whatever their size", async () => {
    for (const [key, size] of [
      ["a b/c/1.png", 1],
      ["d.webp", 9_000_000],
    ] as const) {
      const bytes = randomBytes(size);
      expect(await world.store.put(outputOf(key, bytes))).toBe("kept");
      expect(world.found().get(key)?.equals(bytes)).toBe(true);
    }
    expect([...world.found().keys()].sort()).toEqual(["a b/c/1.png", "d.webp"]);
  });

  it("never take the place of another one, even when many come at once", async () => {
    const all = Array.from({ length: 8 }, (_, index) => Buffer.from(`picture ${index}`));
    const said = await Promise.all(
      all.map((bytes) => world.store.put(outputOf("same.png", bytes))),
    );
    expect(said.filter((each) => each === "kept")).toHaveLength(1);
    expect(said.filter((each) => each === "taken")).toHaveLength(7);
    const winner = all[said.indexOf("kept")];
    expect(world.found().get("same.png")).toEqual(winner);
    expect(world.found().size).toBe(1);
  });

  it("that can't be put reject, and leave nothing", async () => {
    world.breakDown();
    await expect(world.store.put(outputOf("x.png", Buffer.from("x")))).rejects.toThrow();
  });

  it("whose bytes break off leave nothing", async () => {
    const bytes = {
      length: 10,
      sha256: "0".repeat(64),
      read: async function* () {
        yield Buffer.from("half");
        throw new Error("the disk is gone");
      },
    };
    const output = { key: "half.png", contentType: "image/png", cacheControl: undefined, bytes };
    await expect(world.store.put(output)).rejects.toThrow();
    expect(world.found().size).toBe(0);
  });
});

it("a folder of outputs may stand among files of others, which stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-outputs-"));
  mkdirSync(join(folder, "shop"));
  writeFileSync(join(folder, "shop", "mine.png"), "mine");
  expect(await openOutputFolder(folder).put(outputOf("shop/mine.png", Buffer.from("x")))).toBe(
    "taken",
  );
  expect(readFileSync(join(folder, "shop", "mine.png"), "utf8")).toBe("mine");
  rmSync(folder, { recursive: true });
});

function outputOf(key: string, bytes: Buffer): Output {
  return {
    key,
    contentType: "image/png",
    cacheControl: "public",
    bytes: {
      length: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      read: async function* () {
        yield bytes;
      },
    },
  };
}
