import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadCatalog } from "../../src/catalog/load.ts";
import { UNLISTED } from "../../src/gateway/connected-vendor.ts";
import type { MadeOutcome } from "../../src/gateway/judge.ts";
import { recoverTask } from "../../src/gateway/recover-task.ts";
import { composer } from "../../src/http/composer.ts";
import { newId } from "../../src/ids.ts";
import { openLedger } from "../../src/ledger/open.ts";
import type { Ending, Ledger, RowName } from "../../src/ledger/port.ts";
import type { Surface } from "../../src/ledger/request-facts.ts";
import { openResultFolder } from "../../src/results/folder.ts";
import type { SweptStore } from "../../src/results/port.ts";
import { packageFolder } from "../../src/start/package.ts";
import type { Connection, ImageVendor, TaskEnding } from "../../src/vendors/port.ts";
import { holdOf, newParty, type Party, usd } from "../ledger/fixtures.ts";
import { made } from "./staged-gateway.ts";

/** A task that outlived its gateway: charged only when its pictures can be asked for again. */

const folder = join(packageFolder, "catalog", "models");
const catalog = loadCatalog({ folder, overrides: undefined });
const INTENT = { scope: "5".repeat(64), body: "b".repeat(64) };
const connection: Connection = {
  id: "default",
  vendor: "nobody",
  baseUrl: "http://127.0.0.1:9",
  key: "k",
  loopback: true,
};
const USAGE = {
  usage: { kind: "reported", items: [{ meter: "output_images", quantity: 1n }] },
  usageText: '{"image_count":1}',
} as const;

let home: string;
let ledger: Ledger;
let results: SweptStore;
let party: Party;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "spotmeter-tasks-"));
  ledger = await openLedger({ home, world: "sandbox" });
  results = openResults(1024 ** 3);
  party = await newParty(ledger, { fund: "1.00" });
});
afterEach(async () => {
  await ledger.close();
  rmSync(home, { recursive: true, force: true });
});

function openResults(bytesMax: number): SweptStore {
  return openResultFolder({ folder: join(home, "results"), bytesMax, problem: () => undefined });
}

/** A vendor whose task made two pictures, where somebody collects them, or says what it is told to. */
function vendorOf(said?: TaskEnding): ImageVendor {
  const never = (): never => {
    throw new Error("a recovery only asks");
  };
  return {
    ...{ id: "nobody", sendsDrafts: false, estimate: never, sent: never, dispatch: never },
    resume: async ({ collect }) => {
      if (said !== undefined || collect === undefined) {
        return said ?? { kind: "succeeded", ...USAGE };
      }
      for (const letter of ["A", "B"]) {
        collect.sink.begin({ model: null });
        await collect.sink.piece(Buffer.alloc(100_000, letter));
        collect.sink.end();
      }
      const flags = collect.imagesAsked === 2 ? [] : ["asked for others"];
      const items = [{ meter: "output_images", quantity: 2n } as const];
      const usage = { kind: "reported", items } as const;
      const outcome: MadeOutcome = {
        ...made,
        images: 2,
        usage,
        flags,
        answer: { ...made.answer, perImage: [] },
      };
      return { kind: "succeeded", ...USAGE, usage, made: outcome };
    },
  };
}

/** A hold of two pictures with a running task, and what recovery makes of it. */
async function recovered(given: {
  readonly intent: typeof INTENT | null;
  readonly model?: string;
  readonly said?: TaskEnding;
  readonly surface?: Surface;
  readonly run?: RowName;
}): Promise<{ readonly id: string; readonly ending: Ending | "unknown" }> {
  const id = newId("rcpt");
  const { intent, model = "wan2.7-image", said, surface = "generations", run } = given;
  const hold = holdOf(party, { id, n: 2 });
  const facts = { ...hold.facts, surface };
  const named = run === undefined ? {} : { run };
  await ledger.hold({ ...hold, ...named, facts, model, admission: { intent } });
  await ledger.noteTask({ holdId: id, taskId: "task-1" });
  const [open] = await ledger.openHolds();
  if (open === undefined) throw new Error("no hold is open");
  const connections = [{ vendor: vendorOf(said), connection, ...UNLISTED }];
  const ending = await recoverTask(open, {
    ...{ ledger, connections, catalog, results, composer },
  });
  return { id, ending };
}

const AT_HOUSE_COST = {
  kind: "void",
  outcome: "recovered",
  vendorCost: { total: usd("0.05") },
  exposure: null,
  flags: ["recovered_task"],
};

describe("a task that succeeded", () => {
  it("with an Idempotency-Key: settled at the frozen price, its pictures kept as they would have been sent", async () => {
    const { id, ending } = await recovered({ intent: INTENT });
    expect(ending).toMatchObject({
      kind: "settle",
      basis: "flat",
      charge: usd("0.1"),
      vendorCost: { total: usd("0.1") },
      flags: ["recovered_task"],
      imagesMade: 2,
      imagesDelivered: 2,
      images: [{ bytes: 75_000 }, { bytes: 75_000 }],
    });
    if (ending === "unknown") throw new Error("unknown");
    expect((await ledger.end(ending)).kind).toBe("posted");
    const kept = await keptOf(id);
    expect(kept).toMatchObject({
      status: 200,
      headers: {
        "content-type": "application/json",
        "x-receipt-id": id,
        "x-cost-usd": "0.1",
        "x-cost-ceiling-usd": "0.1",
        "x-cost-basis": "flat",
      },
    });
    const { data, usage } = JSON.parse(kept.text);
    expect(data.map((image: { b64_json: string }) => image.b64_json[0])).toEqual(["A", "B"]);
    expect(usage.cost_details).toMatchObject({ total: "0.1", receipt_id: id });
  });

  it.each([
    ["generate_content", "application/json", (text: string) => JSON.parse(text)],
    [
      "generate_content_list",
      "application/json",
      (text: string) => {
        const [first, second, last] = JSON.parse(text);
        return { ...last, candidates: [...first.candidates, ...second.candidates] };
      },
    ],
    [
      "generate_content_events",
      "text/event-stream",
      (text: string) => {
        const events = text.split("\r\n\r\n").slice(0, -1);
        const [first, second, last] = events.map((event) => JSON.parse(event.slice(6)));
        return { ...last, candidates: [...first.candidates, ...second.candidates] };
      },
    ],
  ] as const)("a call of %s is answered in its own form", async (surface, type, whole) => {
    const { id } = await recovered({ intent: INTENT, surface });
    const kept = await keptOf(id);
    expect(kept.headers).toMatchObject({
      "content-type": type,
      "x-receipt-id": id,
      "x-cost-usd": "0.1",
    });
    const { candidates, ...rest } = whole(kept.text);
    const pictures = candidates.map(
      ({
        content,
        index,
      }: {
        content: { parts: [{ inlineData: { data: string } }] };
        index: number;
      }) => `${index}${content.parts[0].inlineData.data[0]}`,
    );
    expect(pictures).toEqual(["0A", "1B"]);
    expect(rest).toMatchObject({
      usageMetadata: { outputImages: 2, cost: 0.1, costDetails: { ceiling: "0.1" } },
      modelVersion: "wan2.7-image",
      responseId: id,
    });
  });

  it("of a run's row: settled, and each picture kept to be fetched from the run", async () => {
    const run = { id: "run_1", row: "mug" };
    const { id, ending } = await recovered({ intent: INTENT, run });
    expect(ending).toMatchObject({ kind: "settle", charge: usd("0.1"), imagesDelivered: 2 });
    for (const index of [0, 1]) {
      const stored = await results.read(id, `picture-${index}`);
      expect(stored?.bytes).toBe(75_000);
      stored?.body.destroy();
    }
    expect(await results.read(id, "made")).toBeUndefined();
  });

  it("of a run's row, whose pictures can't be kept: the known cost is the house's", async () => {
    results = openResults(1_000);
    const { ending } = await recovered({ intent: INTENT, run: { id: "run_1", row: "mug" } });
    expect(ending).toMatchObject({ ...AT_HOUSE_COST, vendorCost: { total: usd("0.1") } });
    expect(files()).toEqual([]);
  });

  it("without one: nothing is collected, the known cost is the house's", async () => {
    const { id, ending } = await recovered({ intent: null });
    expect(ending).toMatchObject(AT_HOUSE_COST);
    expect(await results.read(id, "made")).toBeUndefined();
  });

  it("whose pictures can't be fetched: as without one, and no half of it stays", async () => {
    const { ending } = await recovered({ intent: INTENT, said: { kind: "succeeded", ...USAGE } });
    expect(ending).toMatchObject(AT_HOUSE_COST);
    expect(files()).toEqual([]);
  });

  it("whose pictures can't be kept: as without one", async () => {
    results = openResults(1_000);
    const { id, ending } = await recovered({ intent: INTENT });
    expect(ending).toMatchObject({ ...AT_HOUSE_COST, vendorCost: { total: usd("0.1") } });
    expect(await results.read(id, "made")).toBeUndefined();
    expect(files()).toEqual([]);
  });

  it("whose model has left the catalog: as without one", async () => {
    const { ending } = await recovered({ intent: INTENT, model: "made-up" });
    expect(ending).toMatchObject({ kind: "void", flags: ["recovered_task"] });
    expect(files()).toEqual([]);
  });

  it("how much, nobody says: left to the void with an exposure", async () => {
    const usage = { kind: "missing", reason: "absent" } as const;
    const said = { kind: "succeeded", usage, usageText: null } as const;
    expect((await recovered({ intent: INTENT, said })).ending).toBe("unknown");
  });
});

describe("a task that failed, or isn't known any more, leaves no file and no charge", () => {
  it.each([
    [{ kind: "failed" }, { kind: "void", outcome: "failed", vendorCost: null }],
    [{ kind: "unknown" }, undefined],
  ] as const)("%o", async (said, expected) => {
    const { ending } = await recovered({ intent: INTENT, said });
    if (expected === undefined) expect(ending).toBe("unknown");
    else expect(ending).toMatchObject(expected);
    expect(files()).toEqual([]);
  });
});

/** The answer that was kept for a call, read whole. */
async function keptOf(id: string) {
  const stored = await results.read(id, "made");
  const chunks: Buffer[] = [];
  for await (const chunk of stored?.body ?? []) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: stored?.status, headers: stored?.headers, text };
}

/** Every file below the results. */
function files(): string[] {
  return readdirSync(join(home, "results"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}
