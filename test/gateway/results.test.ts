import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idSpanAt, idSpanOf, newId } from "../../src/ids.ts";
import { type FolderOptions, openResultFolder } from "../../src/results/folder.ts";
import { KeptWriter, type Place } from "../../src/results/kept-writer.ts";
import type { StoredResult } from "../../src/results/port.ts";
import { NoRoom } from "../../src/results/room.ts";

/** Answers that may be asked for again, in a folder. */

const HEAD = { status: 200, headers: { "content-type": "application/json", "x-cost-usd": "0.1" } };
const HOUR_MS = 60 * 60_000;

let folder: string;
let problems: { readonly id: string; readonly cause: unknown }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spotmeter-results-"));
  problems = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function store(options: Partial<FolderOptions> = {}) {
  const problem = (id: string, cause: unknown): void => void problems.push({ id, cause });
  return openResultFolder({ folder, bytesMax: 1024 ** 3, problem, ...options });
}

async function textOf(stored: StoredResult | undefined): Promise<string | undefined> {
  if (stored === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stored.body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Keeps an answer, in two pieces and a tail. */
async function keep(results: ReturnType<typeof store>, id: string): Promise<boolean> {
  const writer = results.begin(id, "made");
  void writer.write(Buffer.from("one "));
  void writer.write(Buffer.from("two "));
  return writer.seal(HEAD, Buffer.from("three"));
}

/** Every file below the folder, by its path from there. */
function files(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function fileOf(id: string, kind = "made"): string {
  return join(folder, idSpanOf("rcpt", id) ?? "", `${id}.${kind}`);
}

describe("a kept answer", () => {
  it("is given again whole, as often as it is asked for, by another process too", async () => {
    const id = newId("rcpt");
    expect(await keep(store(), id)).toBe(true);
    for (const results of [store(), store()]) {
      const stored = await results.read(id, "made");
      expect(stored).toMatchObject({ ...HEAD, bytes: 13 });
      expect(await textOf(stored)).toBe("one two three");
    }
    expect(problems).toEqual([]);
  });

  it("of five megabytes in many pieces has every byte in its place", async () => {
    const id = newId("rcpt");
    const pieces = Array.from({ length: 80 }, (_, index) => Buffer.alloc(65_536, index + 1));
    const writer = store().begin(id, "made");
    for (const piece of pieces) await writer.write(piece);
    expect(await writer.seal(HEAD, Buffer.from("end"))).toBe(true);
    const expected = Buffer.concat([...pieces, Buffer.from("end")]).toString("utf8");
    expect((await textOf(await store().read(id, "made"))) === expected).toBe(true);
  });

  it("is its owner's alone, and its folder too", async () => {
    const id = newId("rcpt");
    await keep(store(), id);
    expect(statSync(fileOf(id)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, idSpanAt(Date.now()))).mode & 0o777).toBe(0o700);
    chmodSync(folder, 0o755);
    store();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("lies beside an error of the same call: who asks says which is true", async () => {
    const id = newId("rcpt");
    const results = store();
    await keep(results, id);
    expect(await results.read(id, "error")).toBeUndefined();
    const head = { status: 424, headers: {} };
    expect(await results.begin(id, "error").seal(head, Buffer.from("no"))).toBe(true);
    expect(await textOf(await results.read(id, "made"))).toBe("one two three");
    expect(await textOf(await results.read(id, "error"))).toBe("no");
  });

  it("that nobody kept isn't there, and no path can be asked for", async () => {
    expect(await store().read(newId("rcpt"), "made")).toBeUndefined();
    await expect(store().read("../../etc/passwd", "made")).resolves.toBeUndefined();
    expect(() => store().begin("rcpt_../x", "made")).toThrow("not a receipt's id");
  });
});

describe("a crash", () => {
  it("before the answer is sealed leaves nothing that is given out", async () => {
    const id = newId("rcpt");
    const writer = store().begin(id, "made");
    void writer.write(Buffer.from("half of it"));
    // As after kill -9: the file that nobody reads is on the disk, and nobody goes on writing.
    while (files().length === 0) await sleep(1);
    expect(files()).toEqual([expect.stringMatching(/^[0-9a-z]{5}\/rcpt_\w+\.[0-9a-f]{16}\.part$/)]);
    expect(await store().read(id, "made")).toBeUndefined();
    await writer.discard();
  });

  it.each([
    ["loses its end", (file: string) => truncateSync(file, statSync(file).size - 1)],
    ["is empty", (file: string) => writeFileSync(file, "")],
    ["loses its beginning", (file: string) => writeFileSync(file, readFileSync(file).subarray(1))],
    ["holds something else", (file: string) => writeFileSync(file, "x".repeat(500))],
    ["has a footer alone", (file: string) => writeFileSync(file, "kept1:0000000100")],
  ])(
    "after which a file %s: it is not given out, and somebody hears of it",
    async (_name, harm) => {
      const id = newId("rcpt");
      await keep(store(), id);
      harm(fileOf(id));
      expect(await store().read(id, "made")).toBeUndefined();
      expect(problems).toEqual([{ id, cause: expect.any(Error) }]);
    },
  );

  it("leaves half-written files, which go with their span", async () => {
    const id = newId("rcpt");
    const span = join(folder, idSpanOf("rcpt", id) ?? "");
    mkdirSync(span);
    writeFileSync(join(span, `${id}.0011223344556677.part`), "half");
    await store({ now: () => Date.now() + 100 * HOUR_MS }).sweep();
    expect(existsSync(span)).toBe(false);
  });
});

describe("an answer that can't be kept", () => {
  it("because it doesn't fit: false, nothing left behind, and there is room again", async () => {
    const results = store({ bytesMax: 400 });
    const id = newId("rcpt");
    const writer = results.begin(id, "made");
    void writer.write(Buffer.alloc(300));
    void writer.write(Buffer.alloc(300));
    expect(await writer.seal(HEAD, Buffer.from("end"))).toBe(false);
    await writer.discard();
    expect(problems).toEqual([{ id, cause: expect.any(NoRoom) }]);
    expect(files()).toEqual([]);
    expect(await keep(results, newId("rcpt"))).toBe(true);
  });

  it("because too little would stay free for the ledger", async () => {
    const id = newId("rcpt");
    const results = store({ freeBytesMin: Number.MAX_SAFE_INTEGER });
    expect(await keep(results, id)).toBe(false);
    expect(problems).toHaveLength(1);
    expect(files()).toEqual([]);
  });

  it("because its folder is gone for good", async () => {
    const results = store();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file in its place");
    expect(await keep(results, newId("rcpt"))).toBe(false);
    expect(problems).toHaveLength(1);
  });

  it("and one that isn't wanted any more leaves no file and takes no room", async () => {
    const results = store({ bytesMax: 400 });
    for (let times = 0; times < 5; times += 1) {
      const writer = results.begin(newId("rcpt"), "made");
      void writer.write(Buffer.alloc(300));
      await writer.discard();
    }
    expect(files()).toEqual([]);
    expect(problems).toEqual([]);
    expect((await results.sweep()).bytes).toBe(0);
  });

  it("is a sealed one never: to discard it later changes nothing", async () => {
    const results = store();
    const id = newId("rcpt");
    const writer = results.begin(id, "made");
    await writer.seal(HEAD, Buffer.from("kept"));
    const { bytes } = await results.sweep();
    await writer.discard();
    expect(await textOf(await results.read(id, "made"))).toBe("kept");
    expect((await results.sweep()).bytes).toBe(bytes);
  });
});

describe("a disk that hangs", () => {
  /** A file whose first write doesn't end until it is let go. */
  function hanging(): { readonly place: Place; readonly letGo: () => void; failures: unknown[] } {
    const letGo = new AbortController();
    const released = once(letGo.signal, "abort");
    const failures: unknown[] = [];
    const file = {
      write: async (_bytes: Buffer, _from: number, length: number) => {
        await released;
        return { bytesWritten: length };
      },
      sync: async () => undefined,
      close: async () => undefined,
    };
    return {
      failures,
      letGo: () => letGo.abort(),
      place: {
        open: async () => file as unknown as FileHandle,
        take: () => undefined,
        publish: async () => {
          throw new Error("published what was given up");
        },
        remove: async () => undefined,
        failed: (cause) => failures.push(cause),
        slowingMsMax: 20,
        sealMsMax: 20,
      },
    };
  }

  it("slows an answer for a while only; then it isn't kept", async () => {
    const { place, letGo, failures } = hanging();
    const writer = new KeptWriter(place);
    expect(writer.write(Buffer.alloc(1_000))).toBeUndefined();
    // More than a megabyte waits: the vendor is asked to wait, and not for long.
    await writer.write(Buffer.alloc(1_100_000));
    expect(failures).toEqual([new Error("the disk is slower than the vendor")]);
    expect(writer.write(Buffer.alloc(9_000_000))).toBeUndefined();
    letGo();
    expect(await writer.seal(HEAD, Buffer.from("end"))).toBe(false);
    await writer.discard();
  });

  it("doesn't keep a settlement waiting either", async () => {
    const { place, letGo, failures } = hanging();
    const writer = new KeptWriter(place);
    void writer.write(Buffer.from("all of it"));
    expect(await writer.seal(HEAD, Buffer.from("end"))).toBe(false);
    expect(failures).toHaveLength(1);
    letGo();
    await writer.discard();
  });
});

describe("a sweep", () => {
  const now = Date.now();
  /** An id as if made so many hours ago. */
  const idOf = (hoursAgo: number): string =>
    `rcpt_${idSpanAt(now - hoursAgo * HOUR_MS)}${newId("rcpt").slice("rcpt_".length + 5)}`;

  it("keeps what a key may still ask for and removes what none can", async () => {
    const results = store({ now: () => now });
    const young = [0, 1, 20, 25].map(idOf);
    const old = [36, 40, 1_000].map(idOf);
    for (const id of [...young, ...old]) await keep(results, id);
    expect(await results.sweep()).toMatchObject({ removed: 3, more: false });
    for (const id of young)
      expect(await textOf(await results.read(id, "made"))).toBe("one two three");
    for (const id of old) expect(await results.read(id, "made")).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it("does so much at a time and says that there is more", async () => {
    const results = store({ now: () => now, sweepFilesMax: 2 });
    for (let index = 0; index < 3; index += 1) await keep(results, idOf(100));
    expect(await results.sweep()).toMatchObject({ removed: 2, more: true });
    expect(await results.sweep()).toMatchObject({ removed: 1, more: false });
    expect(files()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("counts what lay there before, and what is kept since, once each", async () => {
    const size = 119; // a body of 13, a head of 90, its footer of 16
    const results = store();
    expect((await results.sweep()).bytes).toBe(0);
    const first = newId("rcpt");
    await keep(results, first);
    expect(statSync(fileOf(first)).size).toBe(size);
    // Lay there before the other process began, by the file system's clock too.
    utimesSync(fileOf(first), new Date(now - HOUR_MS), new Date(now - HOUR_MS));
    const later = store({ now: () => now - 1_000 });
    await keep(later, idOf(0));
    expect((await later.sweep()).bytes).toBe(2 * size);
    expect((await results.sweep()).bytes).toBe(size);
  });

  it("gives back the room of what it removed, or somebody else did", async () => {
    const results = store({ now: () => now });
    await keep(results, idOf(100));
    rmSync(folder, { recursive: true });
    expect(await results.sweep()).toEqual({ removed: 0, bytes: 0, more: false });
    expect(await keep(results, idOf(0))).toBe(true);
    expect((await results.sweep()).bytes).toBe(119);
  });

  it("leaves files alone that are none of its own", async () => {
    writeFileSync(join(folder, "notes.txt"), "mine");
    mkdirSync(join(folder, "not-a-span"));
    await store({ now: () => now + 1_000 * HOUR_MS }).sweep();
    expect(readdirSync(folder).sort()).toEqual(["not-a-span", "notes.txt"]);
  });

  it("of two processes at once removes everything once and fails for neither", async () => {
    const [one, other] = [store({ now: () => now }), store({ now: () => now })];
    for (let index = 0; index < 20; index += 1) await keep(one, idOf(100));
    await Promise.all([one.sweep(), other.sweep()]);
    expect(files()).toEqual([]);
  });
});

describe("an id's span", () => {
  it("is the same for all ids of one moment, and later ones sort behind", () => {
    expect(idSpanOf("rcpt", newId("rcpt"))).toBe(idSpanAt(Date.now()));
    const spans = [0, 1, 2 ** 25 - 1, 2 ** 25, 2 ** 40, Date.now()].map(idSpanAt);
    expect(spans.slice(0, 4)).toEqual(["00000", "00000", "00000", "00001"]);
    expect(spans.toSorted()).toEqual(spans);
  });

  it.each(["rcpt_", "rcpt_123", "key_01h000000000000000000000000", `rcpt_${"u".repeat(26)}`])(
    "%s is no receipt",
    (id) => expect(idSpanOf("rcpt", id)).toBeUndefined(),
  );
});

// A reader that leaves in the middle gives the file back.
describe("a reader that leaves", () => {
  it("closes the file", async () => {
    const id = newId("rcpt");
    await keep(store(), id);
    const stored = await store().read(id, "made");
    stored?.body.destroy();
    await once(stored?.body ?? process, "close");
    expect(stored?.body.destroyed).toBe(true);
  });
});
