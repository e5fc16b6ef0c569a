import { request as httpRequest } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outcome } from "../../src/vendors/port.ts";
import { PLAIN } from "./gemini-client.ts";
import { made, type StagedCall, type StagedGateway, startStaged } from "./staged-gateway.ts";

/** Answers of Gemini's contract that break after their status line has left: nobody takes half of one for whole. */

let staged: StagedGateway;
beforeAll(async () => {
  staged = await startStaged();
});
afterAll(() => staged.close());

const EVENTS = "streamGenerateContent?alt=sse";
/** More than the commit point needs. */
const PICTURE = Buffer.alloc(100_000, "A");
const CUT: Outcome = {
  kind: "unknown",
  why: "cut",
  status: 200,
  vendorRequestId: null,
  usageText: null,
};

type Heard = {
  readonly status: number;
  readonly text: string;
  readonly receipt: string;
  /** The connection ended before the answer had. */
  readonly broken: boolean;
};

/** Asks, lets the test play the vendor, and returns what arrived. */
async function ask(method: string, play: (call: StagedCall) => void): Promise<Heard> {
  const heard = new Promise<Heard>((resolve, reject) => {
    const request = httpRequest(
      `${staged.url}/v1beta/models/seedream-4-0:${method}`,
      {
        method: "POST",
        agent: false,
        headers: { "x-goog-api-key": staged.apiKey, "content-type": "application/json" },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => undefined);
        response.on("close", () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
            receipt: String(response.headers["x-receipt-id"]),
            broken: !response.complete,
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(JSON.stringify(PLAIN));
  });
  play(await staged.called());
  return heard;
}

function pour({ sink }: StagedCall): void {
  sink.begin({ model: null });
  void sink.piece(PICTURE);
  sink.end();
}

async function expectNothingCharged(receipt: string): Promise<void> {
  expect(await staged.receipt(receipt)).toMatchObject({
    status: "voided",
    total: "0",
    code: "outcome_unknown",
  });
}

describe("the vendor breaks off after a whole image", () => {
  it("events: the last one is the error, with its HTTP code and the receipt", async () => {
    const { status, text, broken, receipt } = await ask(EVENTS, (call) => {
      pour(call);
      call.answer(CUT);
    });
    expect(status).toBe(200);
    expect(broken).toBe(false);
    const [image, error, end] = text.split("\r\n\r\n");
    expect(end).toBe("");
    expect(JSON.parse(image?.slice(6) ?? "").candidates).toHaveLength(1);
    expect(JSON.parse(error?.slice(6) ?? "")).toMatchObject({
      error: {
        code: 424,
        status: "FAILED_PRECONDITION",
        details: [{ reason: "OUTCOME_UNKNOWN", metadata: { receipt_id: receipt } }],
      },
    });
    await expectNothingCharged(receipt);
  });

  it.each(["generateContent", "streamGenerateContent"])(
    "%s in one JSON is cut, never closed as valid JSON",
    async (method) => {
      const heard = await ask(method, (call) => {
        pour(call);
        call.answer(CUT);
      });
      expect([heard.status, heard.broken]).toEqual([200, true]);
      expect(() => JSON.parse(heard.text)).toThrow(SyntaxError);
      await expectNothingCharged(heard.receipt);
    },
  );
});

describe("a vendor that is silent", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("events: a comment every 15 s between images, none inside of one", async () => {
    const { text } = await ask(EVENTS, (call) => {
      const { sink } = call;
      vi.advanceTimersByTime(60_000);
      sink.begin({ model: null });
      void sink.piece(PICTURE);
      vi.advanceTimersByTime(60_000);
      sink.end();
      vi.advanceTimersByTime(30_000);
      call.answer(made);
    });
    const [image, first, second, last, ...rest] = text.split("\r\n\r\n");
    expect(JSON.parse(image?.slice(6) ?? "").candidates).toHaveLength(1);
    expect([first, second]).toEqual([": keep-alive", ": keep-alive"]);
    expect(JSON.parse(last?.slice(6) ?? "")).toMatchObject({ usageMetadata: { cost: 0.03 } });
    expect(rest).toEqual([""]);
  });

  it("one JSON stays one JSON", async () => {
    const { text } = await ask("generateContent", (call) => {
      pour(call);
      vi.advanceTimersByTime(60_000);
      call.answer(made);
    });
    expect(JSON.parse(text).candidates).toHaveLength(1);
  });
});

describe("the vendor breaks off inside an image", () => {
  it("events are cut there: nothing may stand inside an event", async () => {
    const heard = await ask(EVENTS, (call) => {
      call.sink.begin({ model: null });
      void call.sink.piece(PICTURE);
      call.answer(CUT);
    });
    expect([heard.status, heard.broken]).toEqual([200, true]);
    expect(heard.text).not.toContain("\r\n\r\n");
    await expectNothingCharged(heard.receipt);
  });
});

describe("the ledger ended the hold meanwhile", () => {
  it("the picture is given, and says that nothing was charged", async () => {
    staged.stageEnd = async () => ({ kind: "late", chain: { sequence: 1, hash: "0" } });
    const { text } = await ask("generateContent", (call) => {
      pour(call);
      call.answer(made);
    });
    staged.stageEnd = undefined;
    expect(JSON.parse(text).usageMetadata).toMatchObject({
      cost: 0,
      costDetails: { total: "0", basis: "none", lines: [] },
    });
  });
});
