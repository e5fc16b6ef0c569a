import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendStored } from "../../src/http/send-stored.ts";

/** Answers given again: whatever becomes of the client, the file that an answer is read from is closed. */

const server = createServer();
beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => server.close());

/** A client that asks, and the gateway's side of it. */
async function asked() {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  return { client, response };
}

function stored(text: string) {
  const body = Readable.from([Buffer.from(text)]);
  return { status: 200, headers: {}, bytes: text.length, body };
}

it("a client that has left gets nothing, and the file is closed all the same", async () => {
  const { client, response } = await asked();
  const gone = once(response, "close");
  client.destroy();
  await gone;
  const answer = stored("a picture");
  await sendStored(response, answer, {});
  expect(answer.body.destroyed).toBe(true);
});

it("an answer that can't be sent any more leaves no file open either", async () => {
  const { client, response } = await asked();
  response.writeHead(503).end();
  const answer = stored("a picture");
  await sendStored(response, answer, {});
  expect(answer.body.destroyed).toBe(true);
  client.destroy();
});

it("a client that stays gets all of it", async () => {
  const { client, response } = await asked();
  const answer = stored("a picture");
  const first = once(client, "data");
  await sendStored(response, answer, { connection: "close" });
  expect(String((await first)[0])).toContain("a picture");
  expect(answer.body.destroyed).toBe(true);
  client.destroy();
});
