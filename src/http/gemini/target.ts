import { Refusal } from "../../refusals.ts";
import type { HeaderReader } from "../credentials.ts";
import type { ContentSurface } from "./content-forms.ts";

/** What a URL of this contract asks for. */
export type ContentTarget = {
  /** As the caller named it. */
  readonly model: string;
  readonly surface: ContentSurface;
};

/** With a version, or without one for clients that leave it out; the model may be `vendor/model`. */
const METHOD_PATH = /^(?:\/v1|\/v1beta)?\/models\/(.+)(?::|%3A)([A-Za-z]+)$/i;

/** Whether a path calls a method of a model. */
export function isModelMethod(path: string): boolean {
  return METHOD_PATH.test(path);
}

/** @throws Refusal for a method that makes no images. */
export function readTarget(url: string): ContentTarget {
  const { path, query } = split(url);
  const [, named = "", method = ""] = METHOD_PATH.exec(path) ?? [];
  const model = decoded(named);
  if (method === "generateContent") return { model, surface: "generate_content" };
  if (method === "streamGenerateContent") return { model, surface: streamForm(query) };
  const allowed = ["generateContent", "streamGenerateContent"];
  const message = `${method} is not served: only images are made here, by ${allowed.join(" or ")} on ${path.slice(0, path.length - method.length)}…`;
  throw new Refusal("unsupported_surface", message, { sent: method, allowed });
}

/** Headers as they were sent, and `?key=` where no key stands in any of them. */
export function withQueryKey(header: HeaderReader, url: string): HeaderReader {
  const key = split(url).query.get("key") ?? undefined;
  return (name) => header(name) ?? (name === "x-goog-api-key" ? key : undefined);
}

function streamForm(query: URLSearchParams): ContentSurface {
  const alt = query.get("alt") ?? "json";
  if (alt === "sse") return "generate_content_events";
  if (alt === "json") return "generate_content_list";
  const message = `alt=${alt.slice(0, 80)}: must be sse or json`;
  throw new Refusal("invalid_value", message, {
    param: "alt",
    sent: alt,
    allowed: ["sse", "json"],
  });
}

function split(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = url.indexOf("?");
  if (at === -1) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const message = "the path is not percent-encoded UTF-8";
    throw new Refusal("invalid_value", message, { param: "model", cause });
  }
}
