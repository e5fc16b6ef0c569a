import { z } from "zod";
import { type Catalog, findModel } from "../catalog/find.ts";
import { type FieldPath, readSourceText } from "../catalog/source-text.ts";
import type { SettingsFile } from "../config.ts";
import type { ChoiceAsked } from "../gates/order.ts";
import { checkAutoAs } from "../gateway/auto-as.ts";
import type { LegacyAliases } from "../gateway/deps.ts";
import type { AutoAs } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";
import { StartError } from "./errors.ts";
import { type PresetsGiven, readPresets, routesSchema } from "./presets.ts";

const schema = z.looseObject({
  auto_as: z
    .strictObject({ quality: z.string().exactOptional(), size: z.string().exactOptional() })
    .nullish(),
  legacy_aliases: z.record(z.string(), z.string()).nullish(),
  routes: routesSchema.nullish(),
});

/** What `spotmeter.yaml` says of orders. */
export type OwnerDefaults = {
  readonly autoAs: AutoAs;
  readonly legacy: LegacyAliases;
  readonly presets: ReadonlyMap<string, ChoiceAsked>;
};

/**
 * What `spotmeter.yaml` puts in the place of a quality or size that a request leaves open or calls `auto`,
 * where neither its key nor an account above it says anything (MONEY §3):
 *
 *     auto_as: { quality: low, size: 1024x1024 }
 *
 * and which models it lets stand for old ones that clients still ask for:
 *
 *     legacy_aliases: { dall-e-3: gpt-image-2 }
 *
 * and the presets that are called as `model: "auto/NAME"`:
 *
 *     routes: { product-photo: { band: fine, exact_size: true, max_cost: "0.06" } }
 *
 * @throws StartError naming file, line and field.
 */
export function ownerDefaults(
  settings: SettingsFile | undefined,
  given: PresetsGiven,
): OwnerDefaults {
  if (settings === undefined) return { autoAs: {}, legacy: new Map(), presets: new Map() };
  const { catalog } = given;
  const { file, text } = settings;
  const source = readSourceText(text);
  const complain: Complain = (path, message) =>
    new StartError(`bad settings\n${file}:${source.lineOf(path)} ${path.join(".")}: ${message}`);
  const parsed = schema.safeParse(source.value ?? {});
  if (!parsed.success) throw notUnderstood(parsed.error.issues[0], complain);
  const autoAs = parsed.data.auto_as ?? {};
  try {
    checkAutoAs(autoAs, catalog.models, "auto_as");
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw complain((cause.details.param ?? "auto_as").split("."), cause.message);
  }
  const legacy = new Map(Object.entries(parsed.data.legacy_aliases ?? {}));
  for (const [old, target] of legacy) assertLegacy({ old, target }, catalog, complain);
  const presets = readPresets(parsed.data.routes ?? {}, given, complain);
  return { autoAs, legacy, presets };
}

function notUnderstood(issue: z.core.$ZodIssue | undefined, complain: Complain): StartError {
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const message = unknown.length > 0 ? "unknown field" : (issue?.message ?? "not understood");
  return complain([...(issue?.path ?? []), ...unknown], message);
}

type Complain = (path: FieldPath, message: string) => StartError;

/** Only what can't be called may be called something else: no model of today goes by another's price. */
function assertLegacy(
  { old, target }: { readonly old: string; readonly target: string },
  catalog: Catalog,
  complain: Complain,
): void {
  const path = ["legacy_aliases", old];
  if (findModel(catalog, old)?.served === true) {
    throw complain(path, `${old} is served under its own name`);
  }
  const found = findModel(catalog, target);
  if (found === undefined) throw complain(path, `there is no model "${target}"`);
  if (!found.served) throw complain(path, `${target} is not served`);
}
