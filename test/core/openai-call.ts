import { setTimeout as sleep } from "node:timers/promises";
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import type { Outcome } from "../../src/vendors/port.ts";
import { acceptedFor, callTo, type Handler, recordingSink, serve } from "./vendor-bench.ts";

export const vendor = openaiVendor();
/** Of two images in one call. */
export const usage = {
  input_tokens: 42,
  input_tokens_details: { image_tokens: 0, text_tokens: 42 },
  output_tokens: 392,
  total_tokens: 434,
};

/** One call against a server of the test's own. */
export async function call(
  handler: Handler,
  given: { readonly n?: number; readonly signal?: AbortSignal; readonly slowSink?: boolean } = {},
): Promise<{ readonly outcome: Outcome; readonly whole: string[]; readonly open: string[] }> {
  await using server = await serve(handler);
  const sink = recordingSink(given.slowSink === true ? () => sleep(1) : undefined);
  const accepted = await acceptedFor("gpt-image-2", { n: given.n ?? 1, quality: "low" });
  const outcome = await vendor.dispatch(
    callTo("openai", {
      origin: `${server.origin}/v1`,
      accepted,
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    }),
    sink,
  );
  return { outcome, whole: sink.whole, open: sink.open };
}

/** A whole 200 in the vendor's type, as text. */
export function whole(text: string, type = "application/json"): Handler {
  return (_request, response) => {
    response.writeHead(200, { "content-type": type, "x-request-id": "req_1" });
    response.end(text);
  };
}
