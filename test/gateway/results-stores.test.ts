import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newId } from "../../src/ids.ts";
import { openResultFolder } from "../../src/results/folder.ts";
import { S3Bucket } from "../../src/results/s3-bucket.ts";
import { openS3Results } from "../../src/results/s3-results.ts";
import { S3Upload } from "../../src/results/s3-upload.ts";
import { resultsContract } from "./results-contract.ts";
import { type S3StandIn, startS3 } from "./s3-stand-in.ts";

resultsContract("a folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-results-"));
  const problems: unknown[] = [];
  const problem = (_id: string, cause: unknown): void => void problems.push(cause);
  return {
    problems,
    open: (now = Date.now) => openResultFolder({ folder, bytesMax: 1024 ** 3, problem, now }),
    names: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort(),
    harm: (name, how) => {
      const bytes = readFileSync(name);
      if (how === "changed") writeFileSync(name, changed(bytes));
      else truncateSync(name, how === "cut" ? bytes.length - 1 : 0);
    },
    breakDown: () => {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "a file in its place");
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

resultsContract("an object store", async () => {
  const s3 = await startS3();
  const problems: unknown[] = [];
  const buckets: S3Bucket[] = [];
  const problem = (_id: string, cause: unknown): void => void problems.push(cause);
  return {
    problems,
    open: (now = Date.now) => {
      const bucket = new S3Bucket(s3.settings, "pictures");
      buckets.push(bucket);
      return openS3Results({ bucket, prefix: "kept/", problem, now });
    },
    names: () => [...s3.objects.keys(), ...[...s3.uploads.values()].map(({ name }) => name)].sort(),
    harm: (name, how) => {
      const bytes = s3.objects.get(name)?.bytes ?? Buffer.alloc(0);
      const cut = bytes.subarray(0, how === "cut" ? -1 : 0);
      s3.put(name, how === "changed" ? changed(bytes) : cut);
    },
    breakDown: () => s3.fail({ matches: /./, status: 500, times: 1_000 }),
    close: async () => {
      for (const bucket of buckets) await bucket.close();
      await s3.close();
    },
  };
});

function changed(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, -1), Buffer.from("x")]);
}

describe("an upload in parts", () => {
  async function inStore(run: (s3: S3StandIn, bucket: S3Bucket) => Promise<void>): Promise<void> {
    const s3 = await startS3();
    const bucket = new S3Bucket(s3.settings, "pictures");
    try {
      await run(s3, bucket);
    } finally {
      await bucket.close();
      await s3.close();
    }
  }

  it("of a small object is one request", async () => {
    await inStore(async (s3, bucket) => {
      const upload = new S3Upload(bucket, "a b/ü+&.png");
      await upload.append(Buffer.from("small"));
      await upload.finish();
      expect(s3.log).toEqual(["PUT pictures/a b/ü+&.png 200"]);
    });
  });

  it("sends parts of 8 MiB, the last one smaller, and puts them together once", async () => {
    await inStore(async (s3, bucket) => {
      const upload = new S3Upload(bucket, "big");
      for (let index = 0; index < 20; index += 1)
        await upload.append(Buffer.alloc(1024 ** 2, index));
      await upload.finish();
      expect(s3.log.map((line) => line.replace(/upload-[\d-]+/, "ID"))).toEqual([
        "POST pictures/big?uploads= 200",
        "PUT pictures/big?partNumber=1&uploadId=ID 200",
        "PUT pictures/big?partNumber=2&uploadId=ID 200",
        "PUT pictures/big?partNumber=3&uploadId=ID 200",
        "POST pictures/big?uploadId=ID 200",
      ]);
      expect(s3.objects.get("pictures/big")?.bytes).toHaveLength(20 * 1024 ** 2);
      expect(s3.uploads.size).toBe(0);
    });
  });

  it("survives a store that is busy for a moment", async () => {
    await inStore(async (s3, bucket) => {
      s3.fail({ matches: /partNumber=1/, status: 503, times: 2 });
      const upload = new S3Upload(bucket, "busy");
      await upload.append(Buffer.alloc(9 * 1024 ** 2, 7));
      await upload.finish();
      expect(s3.objects.get("pictures/busy")?.bytes).toHaveLength(9 * 1024 ** 2);
    });
  });

  it("is aborted in the store when a part can't be sent", async () => {
    await inStore(async (s3, bucket) => {
      s3.fail({ matches: /partNumber=1/, status: 503, times: 3 });
      const upload = new S3Upload(bucket, "broken");
      await upload.append(Buffer.alloc(9 * 1024 ** 2, 7));
      await expect(upload.finish()).rejects.toThrow("the object store answered 503 SlowDown");
      await upload.abort();
      expect([...s3.objects.keys(), ...s3.uploads.keys()]).toEqual([]);
    });
  });

  it("fails when the store takes the end back in a 200", async () => {
    await inStore(async (s3, bucket) => {
      const upload = new S3Upload(bucket, "tiny-parts", 1_000);
      await upload.append(Buffer.alloc(2_500));
      await expect(upload.finish()).rejects.toThrow("EntityTooSmall");
      await upload.abort();
      expect(s3.uploads.size).toBe(0);
    });
  });

  it("of 7 MiB takes less than 4 MiB of memory while it waits for the rest of its part", async () => {
    await inStore(async (_s3, bucket) => {
      const before = process.memoryUsage().arrayBuffers;
      const upload = new S3Upload(bucket, newId("big"));
      const piece = Buffer.alloc(64 * 1024, 1);
      for (let index = 0; index < 7 * 16; index += 1) await upload.append(piece);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 ** 2);
      await upload.abort();
    });
  });
});

describe("a request to the object store", () => {
  it.each([
    ["accessKeyId", "AKOTHER", "InvalidAccessKeyId"],
    ["secretAccessKey", "another secret", "SignatureDoesNotMatch"],
    ["region", "test-2", "AuthorizationHeaderMalformed"],
  ])("with another %s is refused by it", async (name, value, code) => {
    const s3 = await startS3();
    const bucket = new S3Bucket({ ...s3.settings, [name]: value }, "pictures");
    const asked = bucket.askText({ method: "GET", key: "x" });
    await expect(asked).rejects.toThrow(`the object store answered 403 ${code}`);
    await bucket.close();
    await s3.close();
  });
});
