import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MUG, type Sandbox, startSandbox, until } from "./sandbox.ts";

/** Clients that read slowly, not at all, or hang up: the call goes on at the vendor's pace and is settled. */

const SMALL = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };
/** About 4.8 MB of base64: more than a socket's buffers take. */
const LARGE = { ...SMALL, n: 4 };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ pictures: "full" });
  // Drawn once; from here on the emulators answer from their memory.
  await sandbox.generate(LARGE);
});
afterAll(() => sandbox.close());
afterEach(async () => {
  await until(async () => (await openHolds()).length === 0);
  await until(() => sandbox.gateway.callsInFlight() === 0);
  expect((await sandbox.get("/v1/credits")).body.held).toBe("0");
});

async function openHolds(): Promise<readonly { readonly id: string }[]> {
  return (await sandbox.admin("GET", "/holds")).body.data;
}

async function receipt(id: string) {
  return (await sandbox.admin("GET", `/receipts/${id}`)).body;
}

/** Asks and stops reading after the head. */
async function stalled(body: object, emulate = ""): Promise<IncomingMessage> {
  const request = httpRequest(`${sandbox.gateway.url}/v1/images/generations`, {
    method: "POST",
    agent: false,
    headers: {
      authorization: `Bearer ${sandbox.apiKey}`,
      "content-type": "application/json",
      "x-emulate": emulate,
    },
  });
  request.end(JSON.stringify(body));
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  return response;
}

async function readWhole(response: IncomingMessage): Promise<Record<string, unknown[]>> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function idOf(response: IncomingMessage): string {
  return String(response.headers["x-receipt-id"]);
}

describe("clients that don't read", () => {
  it("20 at once: all are settled while nobody reads, and every answer is whole afterwards", async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => stalled(LARGE)));
    await until(async () => (await openHolds()).length === 0);
    for (const response of responses) {
      expect(await receipt(idOf(response))).toMatchObject({ status: "settled", images_made: 4 });
    }
    const answers = await Promise.all(responses.map(readWhole));
    for (const answer of answers) {
      expect(answer["data"]).toHaveLength(4);
      expect(answer["usage"]).toMatchObject({ cost_details: { total: "0.02394" } });
    }
  });

  it("50 that read in small sips all get everything", async () => {
    const one = async (): Promise<void> => {
      const response = await stalled(SMALL);
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { data, error } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      expect(error).toBeUndefined();
      const picture = Buffer.from(data[0].b64_json, "base64");
      expect(picture.subarray(-8, -4).toString("latin1")).toBe("IEND");
      expect(await receipt(idOf(response))).toMatchObject({
        status: "settled",
        total: "0.005985",
        flags: [],
        images: [{ bytes: picture.length }],
      });
    };
    await Promise.all(Array.from({ length: 50 }, one));
  });

  it("one that rests and then hangs up is settled in full", async () => {
    const response = await stalled(LARGE);
    await until(async () => (await openHolds()).length === 0);
    response.destroy();
    expect(await receipt(idOf(response))).toMatchObject({ status: "settled", total: "0.02394" });
  });
});

describe("clients of a stream that stop reading", () => {
  const streamed = { ...SMALL, stream: true, partial_images: 3 };

  async function eventsIn(response: IncomingMessage): Promise<string[]> {
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    return [...text.matchAll(/^event: (.+)$/gm)].map(([, name = ""]) => name);
  }

  it("10 at once: all are settled while nobody reads, and every event is there afterwards", async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, () => stalled(streamed)));
    await until(async () => (await openHolds()).length === 0);
    for (const response of responses) {
      // 21 x 0.000005 + (196 + 300) x 0.00003
      expect(await receipt(idOf(response))).toMatchObject({ status: "settled", total: "0.014985" });
    }
    for (const events of await Promise.all(responses.map(eventsIn))) {
      expect(events).toEqual([
        ...Array(3).fill("image_generation.partial_image"),
        "image_generation.completed",
      ]);
    }
  });

  it("one that hangs up between interim pictures pays for the image that was made, and is told so", async () => {
    const response = await stalled(streamed, "slow=600");
    response.destroy();
    await until(async () => (await openHolds()).length === 0);
    expect(await receipt(idOf(response))).toMatchObject({
      status: "settled",
      total: "0.014985",
      flags: ["client_gone"],
    });
  });

  it("a vendor that breaks off inside a stream: nothing is charged, and the client isn't given half for whole", async () => {
    const response = await stalled(streamed, "cut").catch(() => undefined);
    await until(async () => (await openHolds()).length === 0);
    if (response === undefined || response.statusCode !== 200) return;
    const events = await eventsIn(response).catch(() => ["broken off"]);
    expect(events).not.toContain("image_generation.completed");
    expect(await receipt(idOf(response))).toMatchObject({ status: "voided", total: "0" });
  });
});

describe("every vendor's pictures, large and side by side", () => {
  const orders = [
    SMALL,
    { model: "qwen-image-2.0", prompt: MUG },
    { model: "gemini-3-pro-image", prompt: MUG },
    { model: "wan2.7-image", prompt: MUG, n: 2 },
    { model: "seedream-4-0", prompt: MUG },
  ];

  it("arrive whole for clients that read and for those that don't", async () => {
    const round = async (): Promise<void> => {
      const answers = orders.map(async (order) => (await sandbox.generate(order)).body);
      const rested = orders.map(async (order) => readWhole(await stalled(order)));
      for (const answer of await Promise.all([...answers, ...rested])) {
        for (const { b64_json } of answer.data) {
          expect(Buffer.from(b64_json, "base64").toString("base64")).toBe(b64_json);
        }
      }
    };
    for (let times = 0; times < 3; times += 1) await round();
  });
});

describe("a hang-up", () => {
  // Not adoptable: every test asks for the same, and each is about a call of its own.
  const head = (length: number): string =>
    `POST /v1/images/generations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${sandbox.apiKey}\r\ncontent-type: application/json\r\nx-emulate: slow=300\r\nx-spotmeter-adopt: no\r\ncontent-length: ${length}\r\n\r\n`;

  async function dial(): Promise<Socket> {
    const { hostname, port } = new URL(sandbox.gateway.url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  it.each([
    ["in the middle of the head", () => head(500).slice(0, 60)],
    ["before the body", () => head(500)],
    ["in the middle of the body", () => `${head(500)}{"model":"gpt-image-2","prompt":`],
  ])("%s holds nothing and calls nobody", async (_name, text) => {
    await sandbox.forgetCalls();
    const socket = await dial();
    await new Promise<void>((resolve) => socket.write(text(), () => resolve()));
    socket.destroy();
    await until(() => sandbox.gateway.callsInFlight() === 0);
    expect(await sandbox.calls()).toEqual([]);
    expect(await openHolds()).toEqual([]);
  });

  it("right after the body is settled, or never began", async () => {
    await sandbox.forgetCalls();
    const body = JSON.stringify(SMALL);
    const socket = await dial();
    await new Promise<void>((resolve) => socket.write(head(body.length) + body, () => resolve()));
    const before = (await sandbox.get("/v1/credits")).body.settled;
    socket.destroy();
    await until(() => sandbox.gateway.callsInFlight() === 0);
    const after = (await sandbox.get("/v1/credits")).body.settled;
    const called = (await sandbox.calls()).length;
    expect(after === before).toBe(called === 0);
  });

  it.each([
    ["after dispatch", 0],
    ["in the middle of the answer", 200_000],
  ])(
    "%s is settled in full and the receipt says that the client had gone",
    async (_name, bytes) => {
      await sandbox.forgetCalls();
      const body = JSON.stringify(LARGE);
      const socket = await dial();
      let received = 0;
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      socket.write(head(body.length) + body);
      await until(async () => (await openHolds()).length === 1);
      const [hold] = await openHolds();
      await until(async () => (await sandbox.calls()).length === 1 && received >= bytes);
      socket.destroy();
      await until(async () => (await openHolds()).length === 0);
      expect(await receipt(hold?.id ?? "")).toMatchObject({
        status: "settled",
        total: "0.02394",
        images_made: 4,
        flags: ["client_gone"],
      });
    },
  );
});
