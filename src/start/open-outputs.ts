import { dirname, resolve } from "node:path";
import { z } from "zod";
import { type FieldPath, readSourceText } from "../catalog/source-text.ts";
import type { Config } from "../config.ts";
import { DEFAULT_KEY, keyTemplate } from "../outputs/key-template.ts";
import { openOutputBucket } from "../outputs/output-bucket.ts";
import { openOutputFolder } from "../outputs/output-folder.ts";
import type { OutputStore, Outputs } from "../outputs/port.ts";
import { placeText, readStorePlace, type StorePlace } from "../results/store-place.ts";
import { StartError } from "./errors.ts";
import { openBucket } from "./open-bucket.ts";

const schema = z.looseObject({
  outputs: z
    .strictObject({
      store: z.string().min(1),
      key: z.string().min(1).max(512).exactOptional(),
      cache_control: z
        .string()
        .regex(/^[ -~]{1,200}$/, "must be 1 to 200 visible ASCII characters")
        .exactOptional(),
    })
    .nullish(),
});

/**
 * What `spotmeter.yaml` says of pictures that callers choose to keep; undefined where it says nothing:
 *
 *     outputs:
 *       store: s3://shop-pictures/spotmeter   # or a folder, from the file's own
 *       key: "{date}/{receipt}-{index}.{ext}"
 *       cache_control: public, max-age=31536000, immutable
 *
 * @throws StartError naming file, line and field.
 */
export function openOutputs(config: Config, stack: AsyncDisposableStack): Outputs | undefined {
  if (config.settings === undefined) return undefined;
  const { file, text } = config.settings;
  const source = readSourceText(text);
  const complain = (path: FieldPath, message: string, cause?: unknown): StartError =>
    new StartError(`bad settings\n${file}:${source.lineOf(path)} ${path.join(".")}: ${message}`, {
      cause,
    });
  const parsed = schema.safeParse(source.value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unknown = issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const message = unknown.length > 0 ? "unknown field" : (issue?.message ?? "not understood");
    throw complain([...(issue?.path ?? []), ...unknown], message);
  }
  const { outputs } = parsed.data;
  if (outputs == null) return undefined;
  const read = <Value>(field: string, reader: () => Value): Value => {
    try {
      return reader();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw complain(["outputs", field], why, cause);
    }
  };
  const { store, key, cache_control: cacheControl } = outputs;
  const place = read("store", () =>
    readStorePlace(store, (folder) => resolve(dirname(file), folder)),
  );
  return {
    store: read("store", () => openStore(place, config, stack)),
    place: placeText(place),
    key: key === undefined ? DEFAULT_KEY : read("key", () => keyTemplate(key)),
    cacheControl,
  };
}

function openStore(place: StorePlace, config: Config, stack: AsyncDisposableStack): OutputStore {
  if (place.kind === "folder") return openOutputFolder(place.folder);
  const bucket = openBucket(place, { setting: "outputs.store", s3: config.s3 }, stack);
  return openOutputBucket(bucket, place.prefix);
}
