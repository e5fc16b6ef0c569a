import { rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { type RawAnswer, send } from "./raw-client.ts";
import { askerOf, type Door, MUG, until } from "./sandbox.ts";

/** Two ways to one ledger and one folder of results: two gateways on one store, or one gateway twice. */
export type Gateways = {
  readonly first: Door;
  readonly second: Door;
  readonly emulatorUrl: string;
  /** The folder of kept answers. */
  readonly results: string;
  readonly close: () => Promise<void>;
};

/** 21 x 0.000005 + 196 x 0.00003 = 0.005985 USD. */
export const ORDER = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

export type Headers = Readonly<Record<string, string>>;

/** An account of its own with one key, and what it can ask. */
export type Shopper = {
  readonly key: string;
  /** Posts an order to the first gateway, or to the second. */
  readonly order: (
    headers?: Headers,
    body?: unknown,
    door?: "first" | "second",
  ) => Promise<RawAnswer>;
  /** Posts an order, and hangs up once the vendor has seen the call. Resolves when the gateway has. */
  readonly orderAndLeave: (headers?: Headers, body?: unknown) => Promise<void>;
  /** Posts an order that another call answers, to the second gateway, and hangs up after so long. */
  readonly waitAndLeave: (ms: number) => Promise<void>;
  /** All charges of the account, as a decimal string. */
  readonly settled: () => Promise<string>;
  readonly receipt: (id: string) => Promise<Record<string, unknown>>;
  /** Another key of the same account. */
  readonly sibling: () => Promise<Shopper>;
};

type Hold = { readonly id: string; readonly task_id: string | null };

/** What a test asks of the world around its shopper. */
export function benchOf(gateways: Gateways) {
  const { first, emulatorUrl, results } = gateways;
  const asker = askerOf(first, emulatorUrl);
  return {
    ...asker,
    newShopper: async (): Promise<Shopper> => {
      const account = await asker.admin("POST", "/accounts", { name: "shopper" });
      return shopperOf(account.body.id, gateways);
    },
    callCount: async () => (await asker.calls()).length,
    openHolds: async (): Promise<readonly Hold[]> => (await asker.admin("GET", "/holds")).body.data,
    /** As after a day, or on another disk. */
    loseResults: () => rmSync(results, { recursive: true, force: true }),
  };
}

async function shopperOf(accountId: string, gateways: Gateways): Promise<Shopper> {
  const asker = askerOf(gateways.first, gateways.emulatorUrl);
  const made = await asker.admin("POST", "/keys", { account_id: accountId, name: "k" });
  const key: string = made.body.key;
  const headersOf = (headers: Headers): Headers => ({
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    ...headers,
  });
  return {
    key,
    order: (headers = {}, body = ORDER, door = "first") =>
      send(gateways[door].url, { headers: headersOf(headers), body: textOf(body) }),
    orderAndLeave: async (headers = {}, body = ORDER) => {
      const before = (await asker.calls()).length;
      const request = httpRequest(`${gateways.first.url}/v1/images/generations`, {
        method: "POST",
        agent: false,
        headers: headersOf(headers),
      });
      request.on("error", () => undefined);
      request.end(textOf(body));
      await until(async () => (await asker.calls()).length > before);
      const closed = new Promise((resolve) => request.on("close", resolve));
      request.destroy();
      await closed;
    },
    waitAndLeave: async (ms) => {
      const asked = fetch(`${gateways.second.url}/v1/images/generations`, {
        method: "POST",
        headers: headersOf({}),
        body: textOf(ORDER),
        signal: AbortSignal.timeout(ms),
      });
      await asked.then(
        () => Promise.reject(new Error("was answered before it left")),
        () => undefined,
      );
    },
    settled: async () => (await asker.get("/v1/credits", key)).body.settled,
    receipt: async (id) => (await asker.get(`/v1/receipts/${id}`, key)).body,
    sibling: () => shopperOf(accountId, gateways),
  };
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** The receipt that an answer names. */
export function receiptOf(answer: RawAnswer): string {
  return String(answer.headers["x-receipt-id"]);
}

/** The code of a refusal. */
export function codeOf(answer: RawAnswer): string {
  return JSON.parse(answer.text).error.code;
}
