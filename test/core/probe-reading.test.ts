import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseAnswer, readAnswer } from "../../src/audit/probe/answer.ts";
import { readSpent } from "../../src/audit/probe/balance.ts";
import { chooseModels } from "../../src/audit/probe/choose-models.ts";
import { agrees, difference } from "../../src/audit/probe/claims.ts";
import { lawOf } from "../../src/audit/probe/laws.ts";
import { squarePng } from "../../src/audit/probe/pieces.ts";
import { baseOf } from "../../src/audit/probe/target.ts";
import { seeThroughPng } from "../../src/audit/probe/transparency.ts";
import { formatUsd, parseUsd } from "../../src/money/pico-usd.ts";
import { choosing, claim, planOf } from "./probe-evidence.ts";

describe("amounts as gateways write them", () => {
  it.each([
    ["0.001715", "0.001715", "0.0000005"],
    ["0.0017150000000000001", "0.001715", "0.000000000005"],
    ["1.715e-3", "0.001715", "0.0000005"],
    ["1715e-6", "0.001715", "0.0000005"],
    ["12", "12", "0.5"],
    ["-0.5", "-0.5", "0.05"],
  ])("%s is %s, give or take %s", (text, amount, within) => {
    const read = claim(text);
    expect([formatUsd(read.amount), formatUsd(read.within)]).toEqual([amount, within]);
  });

  it("what was rounded agrees with what it was rounded from, and no more", () => {
    expect(agrees(claim("0.0017"), parseUsd("0.001715"))).toBe(true);
    expect(agrees(claim("0.0017"), parseUsd("0.00176"))).toBe(false);
    const moved = difference(claim("0.0034"), claim("0.0017"));
    expect([formatUsd(moved.amount), formatUsd(moved.within)]).toEqual(["0.0017", "0.0001"]);
  });

  it("digits of amounts in JSON are kept, other numbers stay numbers", () => {
    expect(parseAnswer('{"usage":{"cost":0.10000000000000001,"input_tokens":3}}')).toEqual({
      usage: { cost: "0.10000000000000001", input_tokens: 3 },
    });
    expect(parseAnswer("<html>")).toBeUndefined();
  });

  it.each([
    ["ours", '{"object":"credits","settled":"0.25","available":"9.75"}', "0.25"],
    ["total and used", '{"data":{"total_credits":10,"total_usage":2.5}}', "2.5"],
    ["a key's spend", '{"key":"k","info":{"spend":0.75}}', "0.75"],
    ["what is left, turned round", '{"balance":3.5}', "-3.5"],
  ])("a balance: %s", (_shape, text, spent) => {
    const read = readSpent(parseAnswer(text));
    expect(read && formatUsd(read.amount)).toBe(spent);
  });

  it("a balance of no known shape is none", () => {
    expect(readSpent({ credit: 3 })).toBeUndefined();
    expect(readSpent(undefined)).toBeUndefined();
  });
});

describe("answers", () => {
  const read = (status: number, body: object | string, headers: Record<string, string> = {}) =>
    readAnswer(
      {
        status,
        headers: new Headers(headers),
        text: typeof body === "string" ? body : JSON.stringify(body),
      },
      async () => undefined,
    );

  it("pictures are known by their bytes, usage by the API's names, prices by field or header", async () => {
    const png = squarePng(8, true).toString("base64");
    const answer = await read(
      200,
      {
        data: [{ b64_json: png }],
        quality: "low",
        usage: {
          input_tokens_details: { text_tokens: 19, image_tokens: 0, cached_tokens: 4 },
          output_tokens: 54,
        },
      },
      { "x-litellm-response-cost": "0.001715", "x-request-id": "r1" },
    );
    expect(answer.pictures[0]).toMatchObject({
      format: "png",
      size: { width: 8, height: 8 },
      seeThrough: true,
      url: null,
    });
    expect(answer.usage).toEqual({
      ...{ textIn: 19n, imageIn: 0n, textOut: 0n, imageOut: 54n },
      ...{ cached: 4n, split: false },
    });
    expect(answer.cost).toMatchObject({ source: "x-litellm-response-cost" });
    expect(answer).toMatchObject({ requestId: "r1", echo: { quality: "low" }, error: null });
  });

  it("an error's words are kept short; a page that is no JSON is one, too", async () => {
    const refused = await read(400, { error: { message: `no ${"x".repeat(900)}` } });
    expect(refused.error).toHaveLength(400);
    const page = await read(502, "<html>\n bad  gateway</html>");
    expect(page).toMatchObject({ status: 502, error: "<html> bad gateway</html>", pictures: [] });
  });

  it("counts of the wrong type are no usage", async () => {
    const answer = await read(200, {
      data: [],
      usage: { input_tokens_details: { text_tokens: "19", image_tokens: 0 }, output_tokens: 54 },
    });
    expect(answer.usage).toBeUndefined();
  });
});

describe("what can be seen through", () => {
  it("is told by pixels, not by the mere channel", () => {
    expect(seeThroughPng(squarePng(16, true))).toBe(true);
    expect(seeThroughPng(squarePng(16, false))).toBe(false);
    expect(seeThroughPng(opaqueWithChannel())).toBe(false);
    expect(seeThroughPng(squarePng(16, true).subarray(0, 60))).toBeUndefined();
    expect(seeThroughPng(Buffer.from("no picture"))).toBeUndefined();
  });

  /** Two pixels, full alpha, the second written as its difference from the first (filter 1). */
  function opaqueWithChannel(): Buffer {
    const file = squarePng(2, true);
    const at = file.indexOf("IDAT") - 4;
    const row = [1, 9, 9, 9, 255, 1, 1, 1, 0];
    const data = deflateSync(Buffer.from([...row, ...row]));
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length);
    frame.write("IDAT", 4, "latin1");
    return Buffer.concat([file.subarray(0, at), frame, data, Buffer.alloc(4)]);
  }
});

describe("laws, for orders that nobody would take too", () => {
  const prompt = { characters: 5, bytes: 5, tokens: 2 };
  const size = (width: number, height: number) => ({ width, height });
  it.each([
    // 16 x 16 x (2,000,000 + 1,572,516) / 4,000,000 = 228.6; medium 48 x 48 x … = 2,057.8.
    ["gpt-image-2", "low", size(1_254, 1_254), 229n],
    ["gpt-image-2", "medium", size(1_254, 1_254), 2_058n],
    ["gpt-image-2.5-flare", "medium", size(1_408, 480), 129n],
    ["gpt-image-1-mini", "low", size(1_536, 1_024), 400n],
  ])("%s %s", (name, quality, pixels, tokens) => {
    const law = lawOf(planOf(name).model, { n: 1, size: pixels, quality, prompt });
    expect(law?.imageOut?.most).toBe(tokens);
    // The prompt and the constant of 6.
    expect(law?.textIn).toBe(8n);
  });

  it("one token an image may be saved, and none may be added", () => {
    const pixels = size(1_408, 480);
    const law = lawOf(planOf("gpt-image-2").model, { n: 2, size: pixels, quality: "low", prompt });
    expect(law?.imageOut).toEqual({ least: 106n, most: 108n });
    expect(law?.textIn).toBe(16n);
  });

  it("there is none where none is published: an unknown cell, a stand-in, a tier left open", () => {
    const asked = { n: 1, size: size(1_408, 480), quality: "low", prompt };
    expect(lawOf(planOf("gpt-image-1-mini").model, asked)).toBeUndefined();
    expect(lawOf(planOf("gpt-image-2.6-flare").model, asked)?.imageOut).toBeUndefined();
    const open = { ...asked, quality: undefined };
    expect(lawOf(planOf("gpt-image-2").model, open)?.imageOut).toBeUndefined();
    expect(lawOf(planOf("seedream-4-0").model, asked)).toBeUndefined();
  });
});

describe("the plan", () => {
  it("of gpt-image-2 is twelve calls: 0.039828 USD expected, 0.194501 at most", () => {
    const plan = planOf("gpt-image-2");
    expect(plan.calls.map(({ id, expected }) => [id, formatUsd(expected)])).toEqual([
      ["base", "0.001715"],
      ["repeat", "0"],
      ["tier", "0.015515"],
      ["several", "0.00343"],
      ["long_1", "0.0077"],
      ["long_2", "0.0077"],
      ["edit", "0.003768"],
      ["mask", "0"],
      ["impossible_size", "0"],
      ["impossible_quality", "0"],
      ["impossible_parameter", "0"],
      ["no_such_model", "0"],
    ]);
    expect([plan.expected, plan.ceiling].map(formatUsd)).toEqual(["0.039828", "0.194501"]);
  });

  it("asks a flat model only what it can do", () => {
    const ids = planOf("seedream-4-0").calls.map(({ id }) => id);
    expect(ids).toEqual([
      ...["base", "repeat", "edit"],
      ...["impossible_size", "impossible_parameter", "no_such_model"],
    ]);
  });

  it("chooses from the target's list what is known, alive and can be asked most, cheapest first", () => {
    const listed = [
      "somebody-else",
      "dall-e-3",
      "seedream-4-0",
      "gpt-image-2",
      "gpt-image-2.5-flare",
    ];
    const names = (count: number) => chooseModels(listed, count, choosing).map(({ name }) => name);
    expect(names(1)).toEqual(["gpt-image-2.5-flare"]);
    expect(names(9)).toEqual(["gpt-image-2.5-flare", "gpt-image-2", "seedream-4-0"]);
  });
});

describe("the target's base", () => {
  it.each([
    ["https://a.example", "https://a.example/v1"],
    ["https://a.example/", "https://a.example/v1"],
    ["https://a.example/api/v1/", "https://a.example/api/v1"],
    ["http://127.0.0.1:1/v1/images/generations", "http://127.0.0.1:1/v1"],
  ])("%s is %s", (url, base) => {
    expect(baseOf(url)).toBe(base);
  });
});
