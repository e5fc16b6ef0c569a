import { describe, expect, it } from "vitest";
import { startEmulatedGateway } from "../../emulators/gateway/start.ts";
import { at, type Reply, reply, useEmulator } from "./harness.ts";

/**
 * gpt-image-2, low, 1408x480: "a mug" is 2 o200k tokens and 6 more, 54 of output.
 * 8 x 0.000005 + 54 x 0.00003 = 0.00004 + 0.00162 = 0.00166 USD.
 */
const ORDER = { model: "gpt-image-2", prompt: "a mug", quality: "low", size: "1408x480" };
const PICTURES = "/v1/images/generations";

type Gateway = AsyncDisposable & {
  readonly buy: (body: object, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  readonly charges: () => Promise<readonly string[]>;
  readonly url: string;
};

const vendor = useEmulator();

async function gateway(...lies: string[]): Promise<Gateway> {
  const running = await startEmulatedGateway({ vendorUrl: vendor.url(), lies });
  return {
    url: running.url,
    buy: async (body, headers = {}) =>
      reply(
        await fetch(running.url + PICTURES, {
          method: "POST",
          headers: {
            authorization: "Bearer somebody",
            "content-type": "application/json",
            ...headers,
          },
          body: JSON.stringify(body),
        }),
      ),
    charges: async () => {
      const said: unknown = await (await fetch(`${running.url}/__charges`)).json();
      const rows = at(said, "charges") as readonly { why: string; usd: string }[];
      return rows.map(({ why, usd }) => `${why} ${usd}`);
    },
    [Symbol.asyncDispose]: () => running.close(),
  };
}

/** Width and height stand at bytes 16 to 23 of a PNG. */
function pixels(answer: Reply, index = 0): string {
  const bytes = Buffer.from(String(at(answer.json, `data.${index}.b64_json`)), "base64");
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
}

describe("an honest gateway", () => {
  it("passes the vendor's answer on with the price of its usage, and takes that from the balance", async () => {
    await using shop = await gateway();
    const { status, text, json } = await shop.buy(ORDER);
    expect(status).toBe(200);
    expect(pixels({ status, text, json, headers: new Headers() })).toBe("1408x480");
    expect(at(json, "usage.output_tokens")).toBe(54);
    expect(text).toContain('"cost":0.00166');
    const credits = await fetch(`${shop.url}/v1/credits`, {
      headers: { authorization: "Bearer somebody" },
    });
    expect(await credits.text()).toBe('{"data":{"total_credits":10,"total_usage":0.00166}}');
  });

  it("charges nothing for what fails, and once for a repeated Idempotency-Key", async () => {
    await using shop = await gateway();
    expect((await shop.buy({ ...ORDER, size: "512x512" })).status).toBe(400);
    const first = await shop.buy(ORDER, { "idempotency-key": "one" });
    const again = await shop.buy(ORDER, { "idempotency-key": "one" });
    expect(again.text).toBe(first.text);
    expect(await shop.charges()).toEqual(["made 0.00166"]);
  });

  it("knows wrong keys, empty ones, and paths that it does not have", async () => {
    await using shop = await gateway();
    const as = (key: string) => shop.buy(ORDER, { authorization: `Bearer ${key}` });
    expect((await as("bad-key")).status).toBe(401);
    expect((await as("poor-key")).status).toBe(402);
    expect((await shop.buy({ ...ORDER, stream: true })).status).toBe(400);
    const lost = await fetch(`${shop.url}/v1/nothing`, { headers: { authorization: "Bearer a" } });
    expect(lost.status).toBe(404);
  });

  it("starts a vendor of its own where none is lent", async () => {
    const running = await startEmulatedGateway({ pictures: "small", latencyMs: 0 });
    const sold = await fetch(`${running.url}/v1/models`, {
      headers: { authorization: "Bearer a" },
    });
    expect(at((await reply(sold)).json, "data.0.owned_by")).toBe("gateway");
    await running.close();
  });

  it("a lie that nobody knows is named with those that there are", async () => {
    await expect(startEmulatedGateway({ lies: ["everything"] })).rejects.toThrow(
      "--lie everything: not known; there are accepts-anything, n-once",
    );
  });
});

describe("a gateway that lies", () => {
  it("accepts-anything makes a picture of what the model refuses", async () => {
    await using shop = await gateway("accepts-anything");
    const odd = { ...ORDER, size: "512x512", quality: "xhigh", seed: 7 };
    const answer = await shop.buy(odd);
    expect(answer.status).toBe(200);
    // The vendor's own default stands in for the size.
    expect(pixels(answer)).toBe("1254x1254");
  });

  it("drops=PARAM makes what the vendor makes without it", async () => {
    await using shop = await gateway("drops=size", "drops=n");
    const answer = await shop.buy({ ...ORDER, n: 2 });
    expect(pixels(answer)).toBe("1254x1254");
    expect(at(answer.json, "data")).toHaveLength(1);
  });

  it("n-once makes two pictures and charges one", async () => {
    await using shop = await gateway("n-once");
    const answer = await shop.buy({ ...ORDER, n: 2 });
    expect(at(answer.json, "data")).toHaveLength(2);
    expect(at(answer.json, "usage.output_tokens")).toBe(54);
    expect(await shop.charges()).toEqual(["made 0.00166"]);
  });

  it("off-law adds a quarter to the output", async () => {
    await using shop = await gateway("off-law");
    // 54 x 5 / 4 = 67.5, so 68; 0.00004 + 68 x 0.00003 = 0.00208.
    expect(at((await shop.buy(ORDER)).json, "usage.output_tokens")).toBe(68);
    expect(await shop.charges()).toEqual(["made 0.00208"]);
  });

  it("cache-discount charges the cached rate for a prompt that came before", async () => {
    await using shop = await gateway("cache-discount");
    await shop.buy(ORDER);
    const again = await shop.buy(ORDER);
    expect(at(again.json, "usage.input_tokens_details.cached_tokens")).toBe(8);
    // 8 x 0.00000125 + 0.00162 = 0.00163.
    expect(await shop.charges()).toEqual(["made 0.00166", "made 0.00163"]);
  });

  it("image-at-text-rate charges pictures at 10 USD a million", async () => {
    await using shop = await gateway("image-at-text-rate");
    await shop.buy(ORDER);
    // 0.00004 + 54 x 0.00001 = 0.00058.
    expect(await shop.charges()).toEqual(["made 0.00058"]);
  });

  it("charges-failed takes a cent for a refusal", async () => {
    await using shop = await gateway("charges-failed");
    expect((await shop.buy({ ...ORDER, size: "512x512" })).status).toBe(400);
    expect(await shop.charges()).toEqual(["failed 0.01"]);
  });

  it("charges-twice gives the first answer again and charges again", async () => {
    await using shop = await gateway("charges-twice");
    const first = await shop.buy(ORDER, { "idempotency-key": "one" });
    const again = await shop.buy(ORDER, { "idempotency-key": "one" });
    expect(again.text).toBe(first.text);
    expect(await shop.charges()).toEqual(["made 0.00166", "replayed 0.00166"]);
  });

  it("leaks-url answers somebody's storage, and the vendor's words of errors", async () => {
    await using shop = await gateway("leaks-url");
    const answer = await shop.buy(ORDER);
    expect(at(answer.json, "data.0.url")).toMatch(/^https:\/\/\w+\.blob\.core\.windows\.net\//);
    expect(at(answer.json, "data.0.b64_json")).toBeUndefined();
    const failed = await shop.buy({ ...ORDER, size: "512x512" });
    expect(at(failed.json, "error.message")).toContain("platform.openai.com");
  });

  it("other-model runs 2.5 where 2 was asked, and refuses what 2 refuses", async () => {
    await using shop = await gateway("other-model");
    // Medium of 2.5 at 1408x480: round(24 x 480 / 1408) = 8; 24 x 8 x 2,675,840 / 4,000,000 = 128.4, so 129.
    const answer = await shop.buy({ ...ORDER, quality: "medium" });
    expect(at(answer.json, "usage.output_tokens")).toBe(129);
    expect((await shop.buy({ ...ORDER, quality: "xhigh" })).status).toBe(400);
  });
});
