import { z } from "zod";
import type { Catalog } from "../catalog/find.ts";
import { type FieldPath, readSourceText } from "../catalog/source-text.ts";
import type { SettingsFile } from "../config.ts";
import { checkAutoAs } from "../gateway/auto-as.ts";
import type { AutoAs } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";
import { StartError } from "./errors.ts";

const schema = z.looseObject({
  auto_as: z
    .strictObject({ quality: z.string().exactOptional(), size: z.string().exactOptional() })
    .nullish(),
});

/**
 * What `spotmeter.yaml` puts in the place of a quality or size that a request leaves open or calls `auto`,
 * where neither its key nor an account above it says anything (MONEY §3):
 *
 *     auto_as: { quality: low, size: 1024x1024 }
 *
 * @throws StartError naming file, line and field.
 */
export function ownerDefaults(settings: SettingsFile | undefined, catalog: Catalog): AutoAs {
  if (settings === undefined) return {};
  const { file, text } = settings;
  const source = readSourceText(text);
  const complain = (path: FieldPath, message: string): StartError =>
    new StartError(`bad settings\n${file}:${source.lineOf(path)} ${path.join(".")}: ${message}`);
  const parsed = schema.safeParse(source.value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const message = unknown.length > 0 ? "unknown field" : (issue?.message ?? "not understood");
    throw complain([...(issue?.path ?? []), ...unknown], message);
  }
  const autoAs = parsed.data.auto_as ?? {};
  try {
    checkAutoAs(autoAs, catalog.models, "auto_as");
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw complain((cause.details.param ?? "auto_as").split("."), cause.message);
  }
  return autoAs;
}
