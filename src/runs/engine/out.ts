import type { ImageOrder } from "../../gates/order.ts";
import { sha256 } from "../../gateway/api-keys.ts";
import type { Deps } from "../../gateway/deps.ts";
import { Refusal } from "../../refusals.ts";
import type { RunSettings } from "./settings.ts";

/** Where the gateway puts a run's pictures beside keeping them: the owner's own store of outputs, never another one. */

/** What a key takes of a row's id. */
const PLAIN = /[^A-Za-z0-9_.-]/g;
const ID_CHARACTERS_MAX = 100;

/**
 * The path below the store of outputs that `out` names: "" or something that ends in a slash.
 *
 * @throws Refusal for a place that isn't the owner's store of outputs or below it.
 */
export function outPath(out: string, { outputs }: Pick<Deps, "outputs">): string {
  const param = "settings.out";
  if (outputs === undefined) {
    const why = `${param}: this gateway keeps no outputs; its owner configures them as outputs in spotmeter.yaml`;
    throw new Refusal("unsupported_parameter", why, { param, sent: out });
  }
  if (out === "outputs") return "";
  const { place } = outputs;
  const root = place.endsWith("/") ? place : `${place}/`;
  const named = out.endsWith("/") ? out : `${out}/`;
  const below = named.startsWith(root) ? named.slice(root.length) : undefined;
  const isPlain = /^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*\/)*$/.test(below ?? "-");
  if (below !== undefined && isPlain) return below;
  const why = `${param}=${out.slice(0, 200)}: must be "outputs", or a place below the owner's store of outputs`;
  throw new Refusal("invalid_value", why, { param, sent: out, allowed: ["outputs"] });
}

/** A row's order, its pictures put where the run's settings say, unless the row itself says where. */
export function withOutput(
  order: ImageOrder,
  { run, row, out }: { readonly run: string; readonly row: string } & Pick<RunSettings, "out">,
  deps: Pick<Deps, "outputs">,
): ImageOrder {
  if (out === null || order.output !== undefined) return order;
  const key = `${outPath(out, deps)}${run}/${plainName(row)}-{index}.{ext}`;
  return { ...order, output: { key } };
}

/** A row's id as a file could be called: others by a part of their hash too, so that no two are one. */
function plainName(row: string): string {
  const plain = row.replaceAll(PLAIN, "_").replace(/^\./, "_").slice(0, ID_CHARACTERS_MAX);
  return plain === row ? row : `${plain}-${sha256(row).slice(0, 8)}`;
}
