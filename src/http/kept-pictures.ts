import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type PictureName, pictureAt } from "../gateway/picture-urls.ts";
import { Refusal } from "../refusals.ts";
import type { BytePart, StoredResult } from "../results/port.ts";
import { rangeOf } from "./byte-range.ts";
import { refusalAnswer, sendError } from "./error-answer.ts";
import { type HotCall, headersOf } from "./image-call.ts";

/** A client that takes nothing for so long is given up. */
const STALL_MS_MAX = 120_000;

/** Bytes of a vendor's, on our host: a browser shows them as what they are called, and runs nothing. */
const HARMLESS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; sandbox",
  "accept-ranges": "bytes",
} as const;

/**
 * `GET` and `HEAD /v1/results/{receipt}/{index}.{ext}`: a kept picture, to whoever has its signed URL. Streamed,
 * in part where a part is asked for.
 *
 * @throws Refusal for a URL that isn't ours, is ours no longer, or whose picture is gone.
 */
export async function serveKeptPicture(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const name = pictureAt(path);
  if (name === undefined) throw new Refusal("not_found", `no such result: ${path.slice(0, 80)}`);
  const url = new URLSearchParams(query);
  call.deps.pictureUrls.check(name, url);
  const asked = {
    part: request.method === "HEAD" ? undefined : request.headers.range,
    ifRange: headersOf(request)("if-range"),
    ifNoneMatch: request.headers["if-none-match"],
    headers: { ...call.headers, ...cacheControl(url, Date.now()) },
    isHead: request.method === "HEAD",
  };
  const planned: { plan: Plan } = { plan: "whole" };
  const stored = await call.deps.results.read(
    name.receiptId,
    `picture-${name.index}`,
    ({ bytes, headers }) => {
      planned.plan = planOf(asked, { bytes, etag: headers["etag"] });
      if (planned.plan === "whole") return asked.isHead ? undefined : { start: 0, end: bytes - 1 };
      return typeof planned.plan === "string" ? undefined : planned.plan;
    },
  );
  if (stored === undefined) throw gone(name);
  await send(response, { stored, plan: planned.plan, asked }, call);
}

type Plan = BytePart | "whole" | "none" | "unchanged";
type Asked = {
  readonly part: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly isHead: boolean;
};

function planOf(
  asked: Asked,
  { bytes, etag = "" }: { readonly bytes: number; readonly etag: string | undefined },
): Plan {
  const known = (asked.ifNoneMatch ?? "").split(",").map((each) => each.trim().replace(/^W\//, ""));
  if (known.includes("*") || known.includes(etag)) return "unchanged";
  const isSame = asked.ifRange === undefined || asked.ifRange === etag;
  return isSame ? rangeOf(asked.part, bytes) : "whole";
}

async function send(
  response: ServerResponse,
  {
    stored,
    plan,
    asked,
  }: { readonly stored: StoredResult; readonly plan: Plan; readonly asked: Asked },
  { headers: own }: HotCall,
): Promise<void> {
  const headers = { ...stored.headers, ...HARMLESS, ...asked.headers };
  const { bytes } = stored;
  if (plan === "none") {
    stored.body.destroy();
    const message = `Range lies outside of the ${bytes} bytes of this picture`;
    const refusal = new Refusal("range_not_satisfiable", message, {
      param: "Range",
      sent: asked.part,
    });
    return sendError(response, refusalAnswer(refusal), {
      ...own,
      "content-range": `bytes */${bytes}`,
    });
  }
  if (plan === "unchanged" || asked.isHead) {
    stored.body.destroy();
    response.writeHead(
      plan === "unchanged" ? 304 : 200,
      plan === "unchanged" ? headers : { ...headers, "content-length": bytes },
    );
    response.end();
    return;
  }
  const part = plan === "whole" ? undefined : plan;
  const range =
    part === undefined ? {} : { "content-range": `bytes ${part.start}-${part.end}/${bytes}` };
  const length = part === undefined ? bytes : part.end - part.start + 1;
  response.setTimeout(STALL_MS_MAX, () => response.destroy());
  response.writeHead(part === undefined ? 200 : 206, {
    ...headers,
    ...range,
    "content-length": length,
  });
  try {
    await pipeline(stored.body, response);
  } catch {
    // The client left, or the store failed: the connection is broken by now, and the picture stays kept.
  }
}

/** For one client alone, and no longer than the URL is good. */
function cacheControl(url: URLSearchParams, nowMs: number): Record<string, string> {
  const seconds = Math.max(0, Number(url.get("expires")) - Math.floor(nowMs / 1_000));
  return { "cache-control": `private, max-age=${seconds}` };
}

function gone({ receiptId }: PictureName): Refusal {
  const why = "this picture is not kept, or no longer; its receipt is";
  return new Refusal("not_found", why, { receiptId });
}
