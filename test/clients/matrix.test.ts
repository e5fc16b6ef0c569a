import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { DallEAPIWrapper } from "@langchain/openai";
import { generateImage } from "ai";
import { imageSize } from "image-size";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox } from "../gateway/sandbox.ts";
import { aiColumns } from "./ai-clients.ts";
import { type Cell, type Column, fromBase64, type Made, TASKS, type Task } from "./cells.ts";
import { curlColumns } from "./curl-client.ts";
import { genaiColumn } from "./genai-client.ts";
import { openaiColumns } from "./openai-clients.ts";
import { tableOf } from "./table.ts";
import { openTap, type Tap } from "./tap.ts";

/** Every client that people use, unchanged, asked for everything that it can ask for; docs/clients.md has the table. */

const columns: readonly Column[] = [...openaiColumns, ...aiColumns, genaiColumn, ...curlColumns];
const ran = new Map<string, string>();

const folder = mkdtempSync(join(tmpdir(), "spotmeter-clients-"));
let sandbox: Sandbox;
let tap: Tap;
beforeAll(async () => {
  const file = join(folder, "spotmeter.yaml");
  writeFileSync(file, "legacy_aliases: { dall-e-3: gpt-image-2 }\n");
  // Pictures of a real one's weight: what clients see of a cost depends on it.
  sandbox = await startSandbox({ environment: { SPOTMETER_CONFIG: file }, pictures: "full" });
  tap = await openTap(sandbox.gateway.url);
});
afterAll(async () => {
  await tap.close();
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An account of its own for each cell: what is on it, this cell was charged. */
async function openAccount() {
  const account = await sandbox.admin("POST", "/accounts", { name: "a" });
  const key = await sandbox.admin("POST", "/keys", { account_id: account.body.id, name: "k" });
  const apiKey: string = key.body.key;
  await sandbox.forgetCalls();
  const before = tap.requests();
  return {
    door: { url: tap.url, apiKey },
    books: async () => {
      const { calls, settled, images, charge, held } = (await sandbox.get("/v1/usage", apiKey)).body
        .total;
      const vendorCalls = (await sandbox.calls()).length;
      return {
        requests: tap.requests() - before,
        calls,
        settled,
        images,
        charge,
        held,
        vendorCalls,
      };
    },
    receipt: async (id: string) => (await sandbox.get(`/v1/receipts/${id}`, apiKey)).body,
  };
}

async function runCell(column: Column, task: Task, cell: Exclude<Cell, { cannot: string }>) {
  const { door, books, receipt } = await openAccount();
  if ("refuse" in cell) {
    const isVendors = task === "moderation";
    if (isVendors) tap.emulate("moderation");
    const { status, code, message } = await cell.refuse(door);
    expect({ status, code }).toEqual({ status: cell.status, code: cell.code });
    expect(message).toContain(cell.says);
    const none = { settled: 0, images: 0, charge: "0", held: "0" };
    const asked = isVendors ? 1 : 0;
    expect(await books()).toEqual({ ...none, requests: 1, calls: asked, vendorCalls: asked });
    return `${status} ${code}`;
  }
  const { usd, pixels, pictures = 1, orders = 1 } = cell;
  const made = await cell.make(door);
  expect(made.pictures.map(pixelsOf)).toEqual(Array(pictures).fill(pixels));
  // An interim picture is paid for as tokens, not as a picture.
  const images = task.startsWith("stream") ? 1 : pictures;
  const settled = { calls: orders, settled: orders, images, charge: usd, held: "0" };
  expect(await books()).toEqual({ ...settled, requests: orders, vendorCalls: orders });
  if (task === "mask") {
    const [call] = await sandbox.calls();
    expect(Object.keys(call?.body ?? {}).filter((name) => /^mask/.test(name))).toHaveLength(1);
  }
  await expectShown(column, made, { usd, receipt });
  return `${orders === 1 ? "" : `${orders} orders, `}${pixels}, ${usd}`;
}

/** The client's application learns of the bill what its column says. */
async function expectShown(
  { shows }: Column,
  { cost, receiptId }: Made,
  of: { readonly usd: string; readonly receipt: (id: string) => Promise<{ total: string }> },
): Promise<void> {
  expect(cost).toBe(shows === "cost" ? of.usd : undefined);
  if (shows === "receipt") expect((await of.receipt(receiptId ?? "")).total).toBe(of.usd);
}

function pixelsOf(picture: Uint8Array): string {
  const { width, height } = imageSize(picture);
  return `${width}x${height}`;
}

describe.each(columns)("$client", (column) => {
  it.each(TASKS)("%s", async (task) => {
    const cell = column.cells[task];
    const name = `${column.client}/${task}`;
    ran.set(name, "FAILED");
    ran.set(name, "cannot" in cell ? "–" : await runCell(column, task, cell));
  });
});

describe("what the table has no room for", () => {
  it("a flat price is certain before the body: the AI SDK's applications see it in a header", async () => {
    const { door, books } = await openAccount();
    const openai = createOpenAI({ apiKey: door.apiKey, baseURL: `${door.url}/v1` });
    const { responses } = await generateImage({ model: openai.image("seedream-4-0"), prompt: MUG });
    expect(responses[0]?.headers).toMatchObject({ "x-cost-usd": "0.03" });
    expect(await books()).toMatchObject({ settled: 1, charge: "0.03" });
  });

  it("two orders under one Idempotency-Key are one picture, given twice and charged once", async () => {
    const { door, books } = await openAccount();
    const google = createGoogleGenerativeAI({ apiKey: door.apiKey, baseURL: `${door.url}/v1beta` });
    const { images } = await generateImage({
      model: google.image("gemini-2.5-flash-image"),
      prompt: MUG,
      n: 2,
      headers: { "idempotency-key": "order-1" },
    });
    expect(new Set(images.map(({ base64 }) => base64)).size).toBe(1);
    expect(await books()).toMatchObject({ requests: 2, settled: 1, charge: "0.038703" });
  });

  it("LangChain's tool hands on base64 where it is told to ask for it", async () => {
    const { door, books } = await openAccount();
    const responseFormat = { dallEResponseFormat: "b64_json" } as const;
    const { apiKey, url } = door;
    const tool = new DallEAPIWrapper({ apiKey, baseUrl: `${url}/v1`, ...responseFormat });
    expect(pixelsOf(fromBase64(String(await tool.invoke(MUG))))).toBe("1024x1024");
    // 21 x 0.000005 + 1,756 x 0.00003
    expect(await books()).toMatchObject({ requests: 1, settled: 1, charge: "0.052785" });
  });
});

describe("the table", () => {
  it("is printed as it came out, and docs/clients.md has every line of it", () => {
    const table = tableOf(
      columns,
      (column, task) => ran.get(`${column.client}/${task}`) ?? "NOT RUN",
    );
    process.stdout.write(`\n${table}\n`);
    const docs = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");
    expect(docs).toContain(table);
  });
});
