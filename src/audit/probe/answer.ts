import { createHash } from "node:crypto";
import { imageSize } from "image-size";
import { readClaim } from "./claims.ts";
import type { Answered, Claimed, PictureSeen, UsageSeen } from "./evidence.ts";
import { seeThroughPng } from "./transparency.ts";

/** Numbers that hold money: read by their digits, never as what a binary fraction makes of them. */
const MONEY_NAMES = new Set([
  ...["cost", "total", "settled", "available", "balance", "spend", "usage"],
  ...["total_usage", "total_credits"],
]);
const ERROR_CHARACTERS_MAX = 400;
/** Where gateways put the price of a call: ours, and docs.litellm.ai/docs/proxy/response_headers, read 2026-11-26. */
const COST_HEADERS = ["x-cost-usd", "x-litellm-response-cost"];
const ECHOES = ["model", "size", "quality", "output_format", "background"];

export type RawAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

/** JSON with the digits of amounts kept; undefined for what is none. */
export function parseAnswer(text: string): unknown {
  const keep = (name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" && MONEY_NAMES.has(name) ? (context?.source ?? value) : value;
  try {
    return JSON.parse(text, keep);
  } catch {
    return undefined;
  }
}

/**
 * Everything that the checks need of an answer. `fetchPicture` is asked for pictures that came as addresses; it
 * decides which of them it goes to.
 */
export async function readAnswer(
  raw: RawAnswer,
  fetchPicture: (url: string) => Promise<Buffer | undefined>,
): Promise<Answered> {
  const body = parseAnswer(raw.text);
  const items = at(body, "data");
  const isGood = raw.status < 300;
  const pictures = isGood && Array.isArray(items) ? await readPictures(items, fetchPicture) : [];
  return {
    status: raw.status,
    requestId: raw.headers.get("x-request-id"),
    pictures,
    usage: readUsage(at(body, "usage")),
    cost: readCost(raw.headers, body),
    echo: Object.fromEntries(
      ECHOES.flatMap((name) => {
        const said = at(body, name);
        return typeof said === "string" ? [[name, said]] : [];
      }),
    ),
    error: isGood && pictures.length > 0 ? null : errorText(body, raw.text),
    sandbox: raw.headers.get("x-spotmeter-sandbox") === "true",
    shape: isGood ? shapeOf(body) : "",
  };
}

/** An answer that never came. */
export function noAnswer(why: string): Answered {
  return {
    ...{ status: null, requestId: null, pictures: [], usage: undefined, cost: undefined },
    ...{ echo: {}, error: why, sandbox: false, shape: "" },
  };
}

async function readPictures(
  items: readonly unknown[],
  fetchPicture: (url: string) => Promise<Buffer | undefined>,
): Promise<PictureSeen[]> {
  const seen: PictureSeen[] = [];
  for (const item of items) {
    const [base64, url] = [at(item, "b64_json"), at(item, "url")];
    if (typeof base64 === "string") seen.push(look(Buffer.from(base64, "base64"), null));
    else if (typeof url === "string") seen.push(look(await fetchPicture(url), url));
  }
  return seen;
}

function look(file: Buffer | undefined, url: string | null): PictureSeen {
  const unknown = { format: null, size: null, seeThrough: null, sha256: null, url };
  if (file === undefined) return unknown;
  const sha256 = createHash("sha256").update(file).digest("hex");
  try {
    const { width, height, type = "" } = imageSize(file);
    const format = type === "jpg" ? "jpeg" : type;
    const seeThrough = format === "jpeg" ? false : (seeThroughPng(file) ?? null);
    return { format, size: { width, height }, seeThrough, sha256, url };
  } catch {
    // It throws on what is no picture it knows.
    return { ...unknown, sha256 };
  }
}

/** The Images API's names; anything else is no usage. */
function readUsage(usage: unknown): UsageSeen | undefined {
  const input = at(usage, "input_tokens_details");
  const output = at(usage, "output_tokens_details");
  const all = count(at(usage, "output_tokens"));
  const textIn = count(at(input, "text_tokens"));
  const imageIn = count(at(input, "image_tokens"));
  if (all === undefined || textIn === undefined || imageIn === undefined) return undefined;
  const told = count(at(output, "text_tokens"));
  const textOut = told ?? 0n;
  const cached = cachedIn(usage);
  return { textIn, imageIn, textOut, imageOut: all - textOut, cached, split: told !== undefined };
}

/** The most that any field with "cached" in its name says. */
function cachedIn(value: unknown): bigint {
  if (typeof value !== "object" || value === null) return 0n;
  const found = Object.entries(value).map(([name, inner]) =>
    name.includes("cached") && count(inner) !== undefined ? (count(inner) ?? 0n) : cachedIn(inner),
  );
  return found.toSorted((left, right) => (left > right ? -1 : 1))[0] ?? 0n;
}

function count(value: unknown): bigint | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? BigInt(Number(value)) : undefined;
}

function readCost(headers: Headers, body: unknown): Claimed | undefined {
  const cost = at(at(body, "usage"), "cost");
  const said = typeof cost === "string" ? readClaim(cost, "usage.cost") : undefined;
  if (said !== undefined) return said;
  for (const name of COST_HEADERS) {
    const header = headers.get(name);
    const claim = header === null ? undefined : readClaim(header, name);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function errorText(body: unknown, text: string): string {
  const error = at(body, "error");
  const message = at(error, "message") ?? at(body, "message") ?? error;
  const said = typeof message === "string" ? message : text;
  return said.replace(/\s+/g, " ").slice(0, ERROR_CHARACTERS_MAX);
}

/** Names of fields to the third level, sorted; pictures count by how they come. */
function shapeOf(body: unknown, depth = 2): string {
  if (Array.isArray(body)) return `[${shapeOf(body[0], depth)}]`;
  if (typeof body !== "object" || body === null || depth < 0) return "";
  return Object.entries(body)
    .map(
      ([name, inner]) =>
        `${name}${inner !== null && typeof inner === "object" && depth > 0 ? `(${shapeOf(inner, depth - 1)})` : ""}`,
    )
    .toSorted()
    .join(" ");
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
