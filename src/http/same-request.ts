import { z } from "zod";
import { adoptableSameness, keyedSameness, type Sameness, unique } from "../gateway/same.ts";
import { Refusal } from "../refusals.ts";
import type { HeaderReader } from "./credentials.ts";

/** The headers that decide whether a request may be answered by an earlier one. */

/** 1 to 255 visible ASCII characters. */
const KEY_FORM = /^[!-~]{1,255}$/;

/** The headers as the description of the API lists them. */
export const sameRequestHeaders = z.object({
  "Idempotency-Key": z
    .string()
    .regex(KEY_FORM)
    .optional()
    .describe(
      "Once per key: the same request again gets the same answer and receipt for 24 hours, and costs nothing",
    ),
  "x-spotmeter-adopt": z
    .enum(["yes", "no"])
    .optional()
    .describe(
      "Without an Idempotency-Key: no keeps this request from taking over the call of an earlier one whose client left, and from being taken over",
    ),
});

/**
 * By what a request is known to be the same as another one.
 *
 * @param route the same for every path under which it is served.
 * @throws Refusal for a header of another form.
 */
export function readSameness(
  header: HeaderReader,
  of: { readonly keyId: string; readonly route: string },
): (body: string) => Sameness {
  const idempotencyKey = header("idempotency-key");
  const adopt = header("x-spotmeter-adopt") ?? "yes";
  if (adopt !== "yes" && adopt !== "no") {
    const message = `x-spotmeter-adopt=${adopt}: must be yes or no`;
    const details = { param: "x-spotmeter-adopt", sent: adopt, allowed: ["yes", "no"] };
    throw new Refusal("invalid_value", message, details);
  }
  if (idempotencyKey === undefined) {
    return (body) => (adopt === "yes" ? adoptableSameness(of.route, body) : unique);
  }
  if (!KEY_FORM.test(idempotencyKey)) {
    const message = "Idempotency-Key: must be 1 to 255 visible ASCII characters, sent once";
    throw new Refusal("invalid_value", message, { param: "Idempotency-Key", sent: idempotencyKey });
  }
  return (body) => keyedSameness({ ...of, idempotencyKey }, body);
}
