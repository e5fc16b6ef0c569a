import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  RESTING_FILE_BYTES_MAX,
  RestingBytes,
  RestingQuota,
  RestingQuotaExceeded,
} from "../../src/vendors/wire/resting-bytes.ts";

async function readAll(resting: RestingBytes, from = 0): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of resting.read(from)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function ourFiles(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^spotmeter-[0-9a-f]{32}$/.test(name));
}

describe("bytes that rest", () => {
  it("come back as they were appended, from any byte on, in memory or in a file", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 6 }),
        fc.nat({ max: 1_000 }),
        async (chunks, from) => {
          const resting = new RestingBytes();
          // Not awaited one by one: the order of the calls is the order of the bytes.
          await Promise.all(chunks.map((chunk) => resting.append(Buffer.from(chunk))));
          const whole = Buffer.concat(chunks);
          expect(resting.length).toBe(whole.length);
          expect((await readAll(resting)).equals(whole)).toBe(true);
          expect((await readAll(resting, from)).equals(whole.subarray(from))).toBe(true);
          resting.dispose();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("can be read again while more are appended", async () => {
    const resting = new RestingBytes();
    await resting.append(Buffer.alloc(60_000, "a"));
    const reader = resting.read();
    expect((await reader.next()).value).toHaveLength(60_000);
    await resting.append(Buffer.alloc(60_000, "b"));
    const next = await reader.next();
    expect(next.value?.toString()).toBe("b".repeat(60_000));
    expect((await reader.next()).done).toBe(true);
    expect(await readAll(resting, 60_000)).toHaveLength(60_000);
    resting.dispose();
  });

  it("leave no name in the temporary folder, so that a crash leaves nothing behind", async () => {
    const resting = new RestingBytes();
    await resting.append(Buffer.alloc(200_000));
    expect(await ourFiles()).toEqual([]);
    expect(await readAll(resting)).toHaveLength(200_000);
    resting.dispose();
  });

  it("count against a quota once they are in a file, and no longer when disposed of", async () => {
    const quota = new RestingQuota(200_000);
    const first = new RestingBytes(quota);
    await first.append(Buffer.alloc(64 * 1024));
    expect(quota.bytes).toBe(0);
    await first.append(Buffer.alloc(50_000));
    expect(quota.bytes).toBe(64 * 1024 + 50_000);
    const second = new RestingBytes(quota);
    await expect(second.append(Buffer.alloc(100_000))).rejects.toThrow(RestingQuotaExceeded);
    await expect(second.append(Buffer.alloc(1))).rejects.toThrow(RestingQuotaExceeded);
    second.dispose();
    first.dispose();
    first.dispose();
    for (let wait = 0; wait < 100 && quota.bytes > 0; wait += 1) await sleep(1);
    expect(quota.bytes).toBe(0);
  });

  it("take up at most 2 GiB of the disk in one process", () => {
    expect(RESTING_FILE_BYTES_MAX).toBe(2_147_483_648);
  });

  it("can't be used after they were disposed of", async () => {
    const resting = new RestingBytes();
    await resting.append(Buffer.from("mug"));
    resting.dispose();
    await expect(readAll(resting)).rejects.toThrow("disposed");
    await expect(resting.append(Buffer.from("mug"))).rejects.toThrow("disposed");
  });

  it("disposed of while an append is under way give everything back", async () => {
    const quota = new RestingQuota(1_000_000);
    const resting = new RestingBytes(quota);
    const append = resting.append(Buffer.alloc(500_000));
    resting.dispose();
    await expect(append).rejects.toThrow("disposed");
    for (let wait = 0; wait < 100 && quota.bytes > 0; wait += 1) await sleep(1);
    expect(quota.bytes).toBe(0);
  });
});
