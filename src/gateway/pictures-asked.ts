import type { ImageOrder } from "../gates/order.ts";
import {
  fillKey,
  type KeyTemplate,
  keyTemplate,
  tellsPicturesApart,
} from "../outputs/key-template.ts";
import { Refusal } from "../refusals.ts";
import type { Deps } from "./deps.ts";
import type { OrderPolicy } from "./prepared-for.ts";
import type { OutputOrder } from "./put-outputs.ts";

/**
 * Whether pictures can be given as the caller wants them, whatever the model: nothing is spent for one that
 * nobody could fetch.
 *
 * @throws Refusal naming the parameter.
 */
export function passUrls(order: ImageOrder, policy: OrderPolicy): void {
  if (order.urls === true && order.stream === true) {
    const why = "response_format=url: events carry base64; ask for one of the two";
    throw new Refusal("unsupported_combination", why, {
      param: "response_format",
      sent: "url",
      allowed: ["b64_json"],
    });
  }
  if (order.urls === true && policy.retain === "none") {
    const why =
      "response_format=url: this account keeps no answers (retain: none), so that no URL could be fetched; ask for b64_json";
    throw new Refusal("unsupported_combination", why, {
      param: "response_format",
      sent: "url",
      allowed: ["b64_json"],
    });
  }
}

/**
 * Where the pictures of an order go that its caller keeps; undefined where it keeps none.
 *
 * @param model its id, as keys are to name it.
 * @throws Refusal for a key that can't be one, or where the owner has configured no outputs.
 */
export function outputOrder(
  order: ImageOrder,
  { policy, model }: { readonly policy: OrderPolicy; readonly model: string },
  { outputs, today }: Pick<Deps, "outputs" | "today">,
): OutputOrder | undefined {
  if (order.output === undefined) return undefined;
  if (outputs === undefined) {
    const why =
      "spotmeter.output: this gateway keeps no outputs; its owner configures them as outputs in spotmeter.yaml";
    throw new Refusal("unsupported_parameter", why, { param: "spotmeter.output" });
  }
  const { key: asked } = order.output;
  const tags = { ...policy.settings.tags, ...order.tags };
  const values = { model, date: today(), tags };
  const key = checked(asked, () => {
    const template = asked === undefined ? outputs.key : keyTemplate(asked);
    fillKey(template, { ...values, ...anyPicture });
    if (order.n > 1) assertApart(template, order.n);
    return template;
  });
  return { store: outputs.store, cacheControl: outputs.cacheControl, key, values };
}

/** As long as what will stand in its place. */
const anyPicture = {
  receipt: `rcpt_${"0".repeat(26)}`,
  index: 9_999,
  ext: "webp",
  sha256: "0".repeat(64),
};

function assertApart(template: KeyTemplate, n: number): void {
  if (tellsPicturesApart(template)) return;
  throw new RangeError(`n=${n}: the key needs {index} or {sha256}, or all pictures would have one`);
}

function checked(asked: string | undefined, read: () => KeyTemplate): KeyTemplate {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const param = "spotmeter.output.key";
    const sent = asked ?? null;
    throw new Refusal("invalid_value", `${param}: ${cause.message}`, { param, sent, cause });
  }
}
