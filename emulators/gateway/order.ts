import { isObject, type JsonObject } from "../json.ts";
import { findGptImageModel, type GptImageModel } from "../openai/models.ts";
import { readGptImageOrder } from "../openai/order.ts";
import type { Lies } from "./lies.ts";

/** A call as it came in, or as it goes on to the vendor. */
export type GatewayOrder = {
  readonly path: "/v1/images/generations" | "/v1/images/edits";
  /** Names and values as the wire has them; a form's files are among them, names may repeat. */
  readonly fields: readonly (readonly [string, unknown])[];
  readonly isForm: boolean;
};

/** The value of a field; undefined where there is none. */
export function fieldOf(order: GatewayOrder, name: string): unknown {
  return order.fields.find(([field]) => field === name)?.[1];
}

/** Reads a body of either kind; undefined when it can't be read. */
export async function readGatewayOrder(
  path: GatewayOrder["path"],
  body: Buffer,
  contentType: string,
): Promise<GatewayOrder | undefined> {
  try {
    if (contentType.startsWith("multipart/")) {
      const headers = { "content-type": contentType };
      const form = await new Response(new Uint8Array(body), { headers }).formData();
      return { path, fields: [...form], isForm: true };
    }
    const json: unknown = JSON.parse(body.toString("utf8"));
    return isObject(json) ? { path, fields: Object.entries(json), isForm: false } : undefined;
  } catch {
    return undefined;
  }
}

/** Without the field of that name, or the files of that list. */
export function without(order: GatewayOrder, name: string): GatewayOrder {
  const bare = name.replace(/\[\d*\]$/, "");
  const fields = order.fields.filter(([field]) => field.replace(/\[\]$/, "") !== bare);
  return { ...order, fields };
}

/** The call as it goes on: what is dropped is gone, and another model may stand in it. */
export function forwarded(order: GatewayOrder, lies: Lies): GatewayOrder {
  const kept = lies.drops.reduce(without, order);
  if (!lies.otherModel) return kept;
  const asked = findGptImageModel(String(fieldOf(order, "model")));
  if (asked === undefined) return kept;
  // Refused as the model asked for would refuse it: a gateway that swaps models keeps up appearances.
  if (!order.isForm) {
    readGptImageOrder(Object.fromEntries(kept.fields), asked, ["images", "mask", "input_fidelity"]);
  }
  const other = otherModel(asked);
  const fields = kept.fields.map(([name, value]): readonly [string, unknown] => {
    if (name === "model") return [name, other.id];
    const tooHigh = name === "quality" && (value === "xhigh" || value === "max");
    return [name, tooHigh && other.law === "formula-2" ? "high" : value];
  });
  return { ...kept, fields };
}

/** Of another token law, taking the same sizes: the 2.5 family for gpt-image-2, gpt-image-2 for all others. */
function otherModel({ law }: GptImageModel): GptImageModel {
  const id = law === "formula-2" ? "gpt-image-2.5-flare" : "gpt-image-2";
  const found = findGptImageModel(id);
  if (found === undefined) throw new Error(`${id} is not emulated`);
  return found;
}

/** The body to send on; a form is written anew. */
export function wireBody(order: GatewayOrder): string | FormData {
  if (!order.isForm) return JSON.stringify(Object.fromEntries(order.fields) satisfies JsonObject);
  const form = new FormData();
  for (const [name, value] of order.fields) {
    if (value instanceof Blob) form.append(name, value);
    else form.append(name, String(value));
  }
  return form;
}
