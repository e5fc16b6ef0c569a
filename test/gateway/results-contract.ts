import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { idSpanAt, newId } from "../../src/ids.ts";
import type { ResultKind, StoredResult, SweptStore } from "../../src/results/port.ts";

/** What every store of results does, whatever lies behind it. */
export type StoreWorld = {
  /** Opens the store as another process would; the clock may be set. */
  readonly open: (now?: () => number) => SweptStore;
  /** Names of all that lies there, half written or not; sorted. */
  readonly names: () => readonly string[];
  /** Cuts something short, or changes its last byte. */
  readonly harm: (name: string, how: "cut" | "changed" | "emptied") => void;
  /** Nothing can be written or read from now on. */
  readonly breakDown: () => void;
  readonly problems: readonly unknown[];
  readonly close: () => Promise<void>;
};

const HEAD = { status: 200, headers: { "content-type": "image/png", etag: '"abc"' } };
const HOUR_MS = 60 * 60_000;

export function resultsContract(name: string, start: () => Promise<StoreWorld>): void {
  describe(`results in ${name}`, () => {
    let world: StoreWorld;
    beforeEach(async () => {
      world = await start();
    });
    afterEach(() => world.close());

    const keep = async (store: SweptStore, id: string, kind: ResultKind = "made") => {
      const writer = store.begin(id, kind);
      void writer.write(Buffer.from("one "));
      return writer.seal(HEAD, Buffer.from("two"));
    };

    it("are given again whole, as often as they are asked for, by every process", async () => {
      const id = newId("rcpt");
      expect(await keep(world.open(), id)).toBe(true);
      for (const store of [world.open(), world.open()]) {
        const stored = await store.read(id, "made");
        expect(stored).toMatchObject({ ...HEAD, bytes: 7 });
        expect((await bytesOf(stored)).toString()).toBe("one two");
      }
      expect(world.problems).toEqual([]);
    });

    it("of many megabytes have every byte in its place", async () => {
      const id = newId("rcpt");
      const pieces = Array.from({ length: 300 }, () => randomBytes(65_537));
      const writer = world.open().begin(id, "picture-3");
      for (const piece of pieces) await writer.write(piece);
      expect(await writer.seal(HEAD, Buffer.alloc(0))).toBe(true);
      const found = await bytesOf(await world.open().read(id, "picture-3"));
      expect(found.equals(Buffer.concat(pieces))).toBe(true);
    });

    it("appear when they are sealed, never before", async () => {
      const id = newId("rcpt");
      const writer = world.open().begin(id, "made");
      for (let index = 0; index < 200; index += 1) await writer.write(randomBytes(65_536));
      expect(await world.open().read(id, "made")).toBeUndefined();
      expect(await writer.seal(HEAD, Buffer.from("end"))).toBe(true);
      expect(await bytesOf(await world.open().read(id, "made"))).toHaveLength(200 * 65_536 + 3);
    });

    it("that are discarded leave nothing, however far they got", async () => {
      for (const pieces of [0, 1, 200]) {
        const writer = world.open().begin(newId("rcpt"), "made");
        for (let index = 0; index < pieces; index += 1) await writer.write(randomBytes(65_536));
        await writer.discard();
      }
      expect(world.names()).toEqual([]);
      expect(world.problems).toEqual([]);
    });

    it("that are sealed stay when they are discarded later", async () => {
      const id = newId("rcpt");
      const store = world.open();
      const writer = store.begin(id, "made");
      await writer.seal(HEAD, Buffer.from("kept"));
      await writer.discard();
      expect((await bytesOf(await store.read(id, "made"))).toString()).toBe("kept");
    });

    it("are given in part when a part is asked for, and without a byte", async () => {
      const id = newId("rcpt");
      const store = world.open();
      await keep(store, id, "picture-0");
      const part = await store.read(id, "picture-0", ({ bytes }) => ({ start: 2, end: bytes - 2 }));
      expect((await bytesOf(part)).toString()).toBe("e tw");
      const none = await store.read(id, "picture-0", () => undefined);
      expect(none).toMatchObject({ ...HEAD, bytes: 7 });
      expect(await bytesOf(none)).toHaveLength(0);
    });

    it("of one call lie beside each other, kind by kind", async () => {
      const id = newId("rcpt");
      const store = world.open();
      await keep(store, id, "made");
      await keep(store, id, "picture-0");
      expect(await store.read(id, "error")).toBeUndefined();
      expect(await store.read(id, "picture-1")).toBeUndefined();
      expect(await store.read(newId("rcpt"), "made")).toBeUndefined();
      expect(world.problems).toEqual([]);
    });

    it.each(["cut", "changed", "emptied"] as const)(
      "that were %s meanwhile are not given, and somebody hears of it",
      async (how) => {
        const id = newId("rcpt");
        await keep(world.open(), id);
        for (const each of world.names()) world.harm(each, how);
        expect(await world.open().read(id, "made")).toBeUndefined();
        expect(world.problems).toHaveLength(1);
      },
    );

    it("that can't be kept: false, and nothing is thrown", async () => {
      const store = world.open();
      world.breakDown();
      expect(await keep(store, newId("rcpt"))).toBe(false);
      expect(world.problems.length).toBeGreaterThan(0);
    });

    it("never become a path of somebody's choosing", async () => {
      const store = world.open();
      expect(() => store.begin("rcpt_../x", "made")).toThrow("not a receipt's id");
      expect(await store.read("../../etc/passwd", "made")).toBeUndefined();
    });

    it("are collected when no key can ask for them any more, and not before", async () => {
      const now = Date.now();
      const store = world.open(() => now);
      const idOf = (hours: number) =>
        `rcpt_${idSpanAt(now - hours * HOUR_MS)}${newId("rcpt").slice("rcpt_".length + 5)}`;
      const young = [0, 12, 25].map(idOf);
      for (const id of [...young, ...[40, 60, 1_000].map(idOf)]) await keep(store, id);
      expect(await store.sweep()).toMatchObject({ removed: 3, more: false });
      expect(await store.sweep()).toMatchObject({ removed: 0, more: false });
      expect(world.names()).toHaveLength(3);
      for (const id of young) expect(await bytesOf(await store.read(id, "made"))).toHaveLength(7);
    });

    it("that a crash left half written are collected too", async () => {
      const writer = world.open().begin(newId("rcpt"), "made");
      for (let index = 0; index < 200; index += 1) await writer.write(randomBytes(65_536));
      while (world.names().length === 0) await new Promise((resolve) => setImmediate(resolve));
      await world.open(() => Date.now() + 100 * HOUR_MS).sweep();
      expect(world.names()).toEqual([]);
      // The process that wrote it is this one after all: it closes what it has open.
      await writer.discard();
    });
  });
}

async function bytesOf(stored: StoredResult | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (stored?.body ?? []) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
