import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningEmulator, startEmulator } from "../../emulators/start.ts";
import type { Descriptor } from "../../src/measure/descriptor.ts";
import { alertsOf, type VendorList } from "../../src/measure/watch.ts";
import { googleVendor } from "../../src/vendors/google/client.ts";

function model(id: string, more: Partial<Descriptor> = {}): Descriptor {
  return {
    id,
    name: id,
    owned_by: "v",
    aliases: [],
    available: true,
    unavailable_because: null,
    surfaces: [],
    shutdown_date: null,
    as_of: "2026-11-26",
    capabilities: {
      images_per_call_max: 1,
      sizes: { exact: { kind: "none" }, labels: {} },
      references: { max: 0 },
    },
    price: null,
    ...more,
  };
}

const list = (models: VendorList["models"]): VendorList => ({
  connection: "v-live",
  vendor: "v",
  status: "listed",
  error: null,
  models,
});
const base = {
  lists: [],
  measured: undefined,
  changes: [],
  today: "2026-11-26",
  priceAgeDays: 90,
  shutdownDays: 30,
};
const kinds = (given: Parameters<typeof alertsOf>[0]): string[] =>
  alertsOf(given).map(({ kind, about }) => `${kind} ${about}`);

describe("the daily look", () => {
  it("a model that has an end already, or can't be called, need not be listed", () => {
    const models = [
      model("a"),
      model("b"),
      model("c", { shutdown_date: "2026-10-01" }),
      model("d", { available: false }),
    ];
    const lists = [list([{ id: "a", model: "a" }])];
    expect(kinds({ ...base, models, lists })).toEqual(["not_listed b"]);
  });

  it("an end is near from the day that it is within so many days to the day itself, not after", () => {
    const ending = (date: string): Descriptor => model(date, { shutdown_date: date });
    const models = ["2026-11-25", "2026-11-26", "2026-12-26", "2026-12-27"].map(ending);
    expect(kinds({ ...base, models })).toEqual([
      "shutdown_soon 2026-11-26",
      "shutdown_soon 2026-12-26",
    ]);
  });

  it("a price is old when its last check is more than so many days ago", () => {
    const priced = (on: string): Descriptor =>
      model(on, {
        price: {
          price_version: `m@${on}`,
          effective_from: on,
          source: "s",
          checked_on: on,
          mark: "spec",
          terms: [],
        },
      });
    // 2026-08-28 is 90 days before 2026-11-26
    const models = [priced("2026-08-28"), priced("2026-08-27")];
    expect(kinds({ ...base, models })).toEqual(["price_old 2026-08-27"]);
  });

  it("a list that tells no ends says nothing of them; one that says none contradicts a date", () => {
    const models = [model("a", { shutdown_date: "2027-01-01" })];
    const listed = (row: object) => [list([{ id: "a", model: "a", ...row }])];
    expect(kinds({ ...base, models, lists: listed({}) })).toEqual([]);
    expect(kinds({ ...base, models, lists: listed({ shutdown_date: null }) })).toEqual([
      "shutdown_date a",
    ]);
  });
});

describe("a list that comes in pages", () => {
  let emulator: RunningEmulator;
  let paged: Awaited<ReturnType<typeof smallPages>>;
  beforeAll(async () => {
    emulator = await startEmulator({});
    paged = await smallPages(emulator.url);
  });
  afterAll(async () => {
    paged.close();
    await emulator.close();
  });

  it("is read to its end, ids without their prefix; a bad key is a failure with its status", async () => {
    const connection = { id: "c", vendor: "google", baseUrl: paged.url, key: "k", loopback: true };
    const signal = AbortSignal.timeout(5_000);
    const read = await googleVendor().listModels?.(connection, signal);
    const whole = await googleVendor().listModels?.(
      { ...connection, baseUrl: emulator.url },
      signal,
    );
    expect(read).toEqual(whole);
    expect(read).toMatchObject({
      kind: "listed",
      models: expect.arrayContaining([{ id: "gemini-nano-banana-2.1", shutdownDate: undefined }]),
    });
    expect(paged.pages()).toBeGreaterThan(2);
    const bad = await googleVendor().listModels?.({ ...connection, key: "bad" }, signal);
    expect(bad).toMatchObject({ kind: "failed", why: expect.stringMatching(/^status 400/) });
  });
});

/** The emulator with pages of three, whatever is asked. */
async function smallPages(emulatorUrl: string) {
  let pages = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", emulatorUrl);
    url.searchParams.set("pageSize", "3");
    pages += 1;
    const { "x-goog-api-key": key = "" } = request.headers;
    fetch(url, { headers: { "x-goog-api-key": String(key) } })
      .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    pages: () => pages,
    close: () => server.close(),
  };
}
