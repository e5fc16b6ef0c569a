import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLines } from "../../src/http/runs/read-rows.ts";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import type { RunRow } from "../../src/ledger/runs-port.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";
import { Refusal, type RefusalCode } from "../../src/refusals.ts";
import { pauseAfter } from "../../src/runs/engine/back-off.ts";
import { durably } from "../../src/runs/engine/engine-given.ts";
import { outPath } from "../../src/runs/engine/out.ts";
import { contentOf, intentOf, toRowOrder } from "../../src/runs/engine/row-order.ts";
import { RowQueue } from "../../src/runs/engine/row-queue.ts";
import { verdictOfRefusal } from "../../src/runs/engine/row-verdict.ts";
import { FLAT } from "./run-client.ts";

/** The parts of a run's engine that decide and do nothing. */

describe("what makes a row the same", () => {
  const word = fc.string({ maxLength: 8 });
  const order = fc.dictionary(word, fc.oneof(word, fc.integer(), fc.boolean()), { maxKeys: 6 });

  it("neither the order of its fields nor nulls count", () => {
    fc.assert(
      fc.property(order, (fields) => {
        const turned = Object.fromEntries(Object.entries(fields).reverse());
        const asked = contentOf(toRowOrder({ order: fields }));
        expect(contentOf(toRowOrder({ order: { ...turned }, images: null, mask: null }))).toBe(
          asked,
        );
      }),
    );
  });

  it("every word, picture, place of a picture and fault switch does", () => {
    const [a, b] = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];
    const prompt = { order: { prompt: "a mug" } };
    const contents = [
      prompt,
      { order: { prompt: "A mug" } },
      { ...prompt, images: [a, b] },
      { ...prompt, images: [b, a] },
      { ...prompt, images: [a], mask: b },
      { ...prompt, images: ["https://shop.test/a.png"] },
      { ...prompt, emulate: "moderation" },
    ].map((row) => contentOf(toRowOrder(row)));
    expect(new Set(contents).size).toBe(contents.length);
  });

  it("its intent is another one in another run, for another row, content or try", () => {
    const of = { run: "run_1", row: "r", content: "c", attempt: 0 };
    const intents = [of, { ...of, run: "run_2" }, { ...of, row: "s" }, { ...of, content: "d" }];
    const all = [...intents, { ...of, attempt: 1 }].map(intentOf);
    expect(new Set(all).size).toBe(5);
    expect(intentOf({ ...of })).toBe(all[0]);
  });
});

describe("what a refusal before any hold means for its row", () => {
  const kindOf = (code: RefusalCode): string => {
    const verdict = verdictOfRefusal("r", new Refusal(code, "why"));
    if (verdict.kind === "stop") return `the run stops: ${verdict.stop.reason}`;
    if (verdict.kind === "again") return verdict.counts ? "again, counted" : "again";
    return verdict.kind === "end" ? verdict.state : verdict.kind;
  };

  it.each<[RefusalCode, string]>([
    ["budget_exceeded", "the run stops: budget"],
    ["ledger_range", "the run stops: budget"],
    ["exposure_limit", "the run stops: house_limit"],
    ["vendor_cost_limit", "the run stops: house_limit"],
    ["revoked_api_key", "the run stops: key"],
    ["expired_api_key", "the run stops: key"],
    ["model_not_available", "the run stops: connection"],
    ["rate_limited", "again"],
    ["connection_busy", "again"],
    ["ledger_unavailable", "again"],
    ["price_changed", "again"],
    ["no_room", "again, counted"],
    ["claim_lost", "lost"],
    ["unsupported_size", "blocked"],
    ["model_retired", "blocked"],
    ["no_capable_model", "blocked"],
    ["image_unreachable", "blocked"],
    ["internal_error", "failed"],
  ])("%s: %s", (code, expected) => {
    expect(kindOf(code)).toBe(expected);
  });
});

describe("while the ledger is away", () => {
  it("a run does it again until it is there; any other error, or a closing gateway, ends that", async () => {
    let tries = 0;
    const away = async () => {
      tries += 1;
      if (tries < 2) throw new LedgerUnavailable("away");
      return "there";
    };
    expect(await durably(away, new AbortController().signal)).toBe("there");
    const bug = () => Promise.reject(new TypeError("a bug"));
    await expect(durably(bug, new AbortController().signal)).rejects.toThrow("a bug");
    const always = () => Promise.reject(new LedgerUnavailable("away"));
    await expect(durably(always, AbortSignal.abort())).rejects.toThrow("away");
  });
});

describe("rows in live mode", () => {
  it("have no fault switches", () => {
    const reading = { run: "run_1", legacy: new Map(), world: "live" } as const;
    const line = JSON.stringify({ id: "r", order: FLAT, emulate: "moderation" });
    expect(() => readLines(line, reading)).toThrow("emulate: vendors are told to fail");
    expect(readLines(line, { ...reading, world: "sandbox" }).rows).toHaveLength(1);
  });
});

describe("the wait before another try", () => {
  const pauses = { firstMs: 250, longestMs: 60_000, triesMax: 8 };

  it("doubles up to a minute, and is never shorter than the vendor told", () => {
    const waits = [1, 2, 3, 8, 9, 10].map((tries) => pauseAfter(tries, undefined, pauses));
    expect(waits).toEqual([250, 500, 1_000, 32_000, 60_000, 60_000]);
    expect(pauseAfter(1, 90, pauses)).toBe(90_000);
    expect(pauseAfter(3, 0, pauses)).toBe(1_000);
  });
});

describe("rows that wait", () => {
  const zero = parseUsd("0");
  const rowAt = (position: number): RunRow => ({
    ...{ row: `r${position}`, position, line: null, content: "", intent: "", state: "waiting" },
    ...{ attempts: 0, ceiling: zero, quote: null, receiptId: null, shared: false, charge: zero },
    ...{ exposure: zero, code: null, detail: null, seq: null },
  });
  const queueOf = (count: number) =>
    new RowQueue(async (after, limit) =>
      Array.from({ length: count }, (_, index) => rowAt(index)).slice(after + 1, after + 1 + limit),
    );
  const names = (taken: readonly RunRow[]) => taken.map(({ row }) => row).join(" ");

  it("go in the order of the file, each once; what is put back goes first", async () => {
    const queue = queueOf(150);
    expect(names(await queue.take(3, 0))).toBe("r0 r1 r2");
    queue.putBack([rowAt(1), rowAt(2)]);
    expect(names(await queue.take(3, 0))).toBe("r1 r2 r3");
    expect((await queue.take(1_000, 0)).length).toBe(146);
    expect(queue.isEmpty).toBe(true);
  });

  it("one that is tried again goes when its time has come, before those that weren't tried", async () => {
    const queue = queueOf(3);
    await queue.take(1, 0);
    queue.delay(rowAt(0), 500);
    expect(queue.dueMs).toBe(500);
    expect(names(await queue.take(1, 499))).toBe("r1");
    expect(names(await queue.take(2, 500))).toBe("r0 r2");
    expect([queue.dueMs, queue.isEmpty]).toEqual([undefined, true]);
    expect(await queue.take(1, 500)).toEqual([]);
  });
});

describe("where pictures may be put", () => {
  const at = (place: string) =>
    ({ outputs: { place } }) as unknown as Parameters<typeof outPath>[1];

  it.each([
    ["outputs", ""],
    ["s3://shop/spotmeter", ""],
    ["s3://shop/spotmeter/", ""],
    ["s3://shop/spotmeter/spring-2027", "spring-2027/"],
  ])("%s", (out, path) => {
    expect(outPath(out, at("s3://shop/spotmeter/"))).toBe(path);
  });

  it.each([
    "s3://shop/spotmeter2",
    "s3://shop",
    "s3://other/spotmeter",
    "s3://shop/spotmeter/../x",
    "s3://shop/spotmeter//x",
    "/etc",
  ])("never %s", (out) => {
    expect(() => outPath(out, at("s3://shop/spotmeter/"))).toThrow("settings.out");
  });

  it("nowhere, where the owner has configured nothing", () => {
    expect(() => outPath("outputs", { outputs: undefined })).toThrow("keeps no outputs");
  });
});
