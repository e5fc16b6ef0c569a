import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { png } from "../test/gateway/replay-vendor.ts";

/**
 * An OpenAI that answers every images request with pictures of 1.2 MB of base64, in twenty pieces with a
 * pause before each. A process of its own: `node bench/mock-vendor.ts PAUSE_MS`; prints its port.
 */

const PIECES = 20;
const BASE64_BYTES = 1_200_000;

const pauseMs = Number(process.argv[2] ?? 500);
const real = png([1024, 1024]);
// A real picture's head, then bytes after its end: as heavy as a drawn one, and read as one.
const picture = Buffer.concat([real, Buffer.alloc((BASE64_BYTES * 3) / 4 - real.length, 0xa5)]);
const base64 = picture.toString("base64");

const server = createServer((request, response) => {
  const isJson = request.headers["content-type"]?.startsWith("application/json") ?? false;
  const chunks: Buffer[] = [];
  // A form is read and thrown away: the edits of the bench ask for one picture.
  request.on("data", (chunk: Buffer) => isJson && chunks.push(chunk));
  request.on("end", () => {
    const text = isJson ? Buffer.concat(chunks).toString("utf8") : "{}";
    const { n = 1 } = JSON.parse(text) as { n?: number };
    void answer(response, n);
  });
});

async function answer(response: ServerResponse, n: number): Promise<void> {
  const images = Array.from({ length: n }, () => `{"b64_json":"${base64}"}`).join(",");
  const tokens = 196 * n;
  const usage = `{"input_tokens":${21 * n},"input_tokens_details":{"text_tokens":${21 * n},"image_tokens":0},"output_tokens":${tokens},"output_tokens_details":{"image_tokens":${tokens},"text_tokens":0},"total_tokens":${21 * n + tokens}}`;
  const body = Buffer.from(`{"created":1785216905,"data":[${images}],"usage":${usage}}`);
  response.writeHead(200, { "content-type": "application/json" });
  const pieceBytes = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length; at += pieceBytes) {
    if (pauseMs > 0) await sleep(pauseMs);
    if (response.destroyed) return;
    response.write(body.subarray(at, at + pieceBytes));
  }
  response.end();
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(address?.port);
});
