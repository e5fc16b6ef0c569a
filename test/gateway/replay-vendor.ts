import { crc32, deflateSync } from "node:zlib";
import { createCanvas } from "@napi-rs/canvas";
import { type Seen, sendJson, serve } from "../core/vendor-bench.ts";

/**
 * Vendors that answer what was recorded or documented, word for word: native paths, native shapes, real
 * pictures of the right pixels. Unlike the emulators they compute nothing, so that a vector's usage arrives
 * exactly as it is written in the vendor's file.
 */

export type Pixels = readonly [width: number, height: number];

/** One answer of a vendor: a path that must have been asked, and what it says. */
export type Reply = {
  readonly path: string;
  readonly status?: number;
  /** Receives the replaying server's own origin, where its pictures can be fetched. */
  readonly body: (origin: string) => unknown;
  /** Where the answer is a task: what a poll says. */
  readonly poll?: (origin: string) => unknown;
};

export type ReplayVendor = AsyncDisposable & {
  /** Base URLs of all four vendors, as settings of a gateway. */
  readonly environment: Readonly<Record<string, string>>;
  /** Paid requests since the last `play`, pictures and polls not among them. */
  readonly paid: () => readonly Seen[];
  readonly play: (reply: Reply) => void;
};

const TASK_ID = "0385dc79-5ff8-4d82-bcb6-000000000001";

/** Starts the server; it answers 404 to everything that the reply in play does not name. */
export async function startReplayVendor(): Promise<ReplayVendor> {
  let reply: Reply | undefined;
  const server = await serve((request, response) => {
    const picture = /^\/picture\/(\d+)x(\d+)\.png$/.exec(request.url);
    if (picture !== null) {
      response.writeHead(200, { "content-type": "image/png" });
      response.end(png([Number(picture[1]), Number(picture[2])]));
    } else if (request.url === `/api/v1/tasks/${TASK_ID}` && reply?.poll !== undefined) {
      sendJson(response, 200, reply.poll(server.origin));
    } else if (request.method === "POST" && request.url === reply?.path) {
      sendJson(response, reply.status ?? 200, reply.body(server.origin));
    } else {
      sendJson(response, 404, { error: { message: `not in play: ${request.url}` } });
    }
  });
  return {
    environment: baseUrls(server.origin),
    paid: () => server.seen.filter(({ method, url }) => method === "POST" && url === reply?.path),
    play: (next) => {
      server.seen.length = 0;
      reply = next;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The settings that point every vendor at one origin. */
export function baseUrls(origin: string): Record<string, string> {
  return {
    OPENAI_BASE_URL: `${origin}/v1`,
    GEMINI_BASE_URL: origin,
    DASHSCOPE_BASE_URL: origin,
    ARK_BASE_URL: `${origin}/api/v3`,
  };
}

type OpenaiCounts = readonly [textIn: number, imageIn: number, imageOut: number, textOut: number];

/** OpenAI's answer, as recorded in 2026 (openai.md §3). */
export function openaiReply(of: {
  readonly n?: number;
  readonly pixels?: Pixels;
  readonly quality: string;
  readonly counts: OpenaiCounts;
}): Reply {
  const pixels = of.pixels ?? [1024, 1024];
  const [textIn, imageIn, imageOut, textOut] = of.counts;
  const b64 = png(pixels).toString("base64");
  return {
    path: "/v1/images/generations",
    body: () => ({
      created: 1785216905,
      background: "opaque",
      data: Array.from({ length: of.n ?? 1 }, () => ({ b64_json: b64 })),
      output_format: "png",
      quality: of.quality,
      size: pixels.join("x"),
      usage: {
        input_tokens: textIn + imageIn,
        input_tokens_details: { image_tokens: imageIn, text_tokens: textIn },
        output_tokens: imageOut + textOut,
        output_tokens_details: { image_tokens: imageOut, text_tokens: textOut },
        total_tokens: textIn + imageIn + imageOut + textOut,
      },
    }),
  };
}

/** Gemini's answer (google.md §3). Without pixels there is no image in it. */
export function geminiReply(
  model: string,
  of: {
    readonly pixels?: Pixels;
    readonly format?: "png" | "jpeg";
    readonly text?: string;
    readonly finishReason?: string;
    readonly usage: unknown;
  },
): Reply {
  const format = of.format ?? "jpeg";
  const text = of.text === undefined ? [] : [{ text: of.text }];
  const image =
    of.pixels === undefined
      ? []
      : [
          {
            inlineData: {
              mimeType: `image/${format}`,
              data: (format === "png" ? png(of.pixels) : jpeg(of.pixels)).toString("base64"),
            },
            thoughtSignature: "Eq0BCqoB",
          },
        ];
  const parts = [...text, ...image];
  const content = parts.length === 0 ? {} : { content: { role: "model", parts } };
  const candidate = { ...content, finishReason: of.finishReason ?? "STOP", index: 0 };
  return {
    path: `/v1beta/models/${model}:generateContent`,
    body: () => ({
      candidates: [candidate],
      ...(of.usage === undefined ? {} : { usageMetadata: of.usage }),
      modelVersion: model,
      responseId: "8cxparnuJ-aCg8UPx8HfwQM",
    }),
  };
}

/** Usage as Google writes it: `prompt candidates image thoughts total`, image and thoughts where given. */
export function geminiUsage(of: {
  readonly prompt: number;
  readonly candidates: number;
  readonly total: number;
  readonly image?: number;
  readonly text?: number;
  readonly thoughts?: number;
}) {
  const details = [
    ...(of.text === undefined ? [] : [{ modality: "TEXT", tokenCount: of.text }]),
    ...(of.image === undefined ? [] : [{ modality: "IMAGE", tokenCount: of.image }]),
  ];
  return {
    promptTokenCount: of.prompt,
    candidatesTokenCount: of.candidates,
    totalTokenCount: of.total,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: of.prompt }],
    ...(details.length === 0 ? {} : { candidatesTokensDetails: details }),
    ...(of.thoughts === undefined ? {} : { thoughtsTokenCount: of.thoughts }),
    serviceTier: "standard",
  };
}

/** DashScope's answer at once, pictures as URLs (alibaba.md §5). */
export function dashscopeReply(of: {
  readonly n?: number;
  readonly pixels: Pixels;
  readonly usage?: unknown;
}): Reply {
  return {
    path: "/api/v1/services/aigc/multimodal-generation/generation",
    body: (origin) => dashscopeBody(origin, of),
  };
}

/** The same as an asynchronous task (ASYNC-M): submitted, then polled. */
export function dashscopeTaskReply(of: Parameters<typeof dashscopeReply>[0]): Reply {
  return {
    path: "/api/v1/services/aigc/image-generation/generation",
    body: submitted,
    poll: (origin) => {
      const { output, ...rest } = dashscopeBody(origin, of);
      const ended = { task_id: TASK_ID, task_status: "SUCCEEDED", finished: true };
      return { ...rest, output: { ...output, ...ended } };
    },
  };
}

/** A task (ASYNC-T) that failed: HTTP 200 all the same. */
export function dashscopeFailedTask(code: string): Reply {
  const output = {
    task_id: TASK_ID,
    task_status: "FAILED",
    code,
    message: "inappropriate content",
  };
  return {
    path: "/api/v1/services/aigc/text2image/image-synthesis",
    body: submitted,
    poll: () => ({ request_id: "poll-1", output }),
  };
}

/** Ark's answer, asked for base64 (byteplus.md §3). */
export function arkReply(of: {
  readonly model: string;
  readonly pixels: Pixels;
  readonly usage: unknown;
}): Reply {
  const b64 = png(of.pixels).toString("base64");
  return {
    path: "/api/v3/images/generations",
    body: () => ({
      model: of.model,
      created: 1767000000,
      data: [{ b64_json: b64, size: of.pixels.join("x") }],
      usage: of.usage,
    }),
  };
}

export function arkError(status: number, code: string, message: string): Reply {
  return {
    path: "/api/v3/images/generations",
    status,
    body: () => ({ error: { code, message, param: "", type: "BadRequest" } }),
  };
}

function submitted() {
  return { request_id: "submit-1", output: { task_id: TASK_ID, task_status: "PENDING" } };
}

function dashscopeBody(origin: string, of: Parameters<typeof dashscopeReply>[0]) {
  const image = `${origin}/picture/${of.pixels.join("x")}.png`;
  const content = Array.from({ length: of.n ?? 1 }, () => ({ image, type: "image" }));
  return {
    request_id: "d0250a3d-b07f-49e1-bdc8-6793f4929xxx",
    output: { choices: [{ finish_reason: "stop", message: { role: "assistant", content } }] },
    ...(of.usage === undefined ? {} : { usage: of.usage }),
  };
}

const PNG_SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");

/** A black PNG of one bit a pixel: a few hundred bytes at any size. */
export function png([width, height]: Pixels): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // bits a pixel; the other fields are 0: grey, deflate, no filter, no interlace
  const rows = Buffer.alloc(height * (1 + Math.ceil(width / 8)));
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function jpeg([width, height]: Pixels): Buffer {
  return createCanvas(width, height).toBuffer("image/jpeg", 50);
}
