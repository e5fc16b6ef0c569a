import { request } from "undici";
import type { ModelList } from "../port.ts";
import { redactVendorText } from "./redact.ts";

/** The body of a list as JSON, or why it can't be had: a status, a network error, no JSON. */
type Fetched =
  | { readonly kind: "body"; readonly body: unknown }
  | Extract<ModelList, { readonly kind: "failed" }>;

/** Reads one page of a vendor's list of models. Costs nothing; never throws on the vendor's account. */
export async function fetchModelPage(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Fetched> {
  try {
    const response = await request(url, { headers, signal });
    const text = await response.body.text();
    if (response.statusCode !== 200) {
      return { kind: "failed", why: `status ${response.statusCode}: ${redactVendorText(text)}` };
    }
    return { kind: "body", body: JSON.parse(text) };
  } catch (cause) {
    return {
      kind: "failed",
      why: cause instanceof Error ? redactVendorText(cause.message) : "unreadable",
    };
  }
}
