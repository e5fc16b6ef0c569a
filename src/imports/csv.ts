import {
  count,
  countOrNull,
  day,
  dollars,
  reading,
  sizeOrNull,
  text,
  textOrNull,
} from "./fields.ts";
import type { Fields, ReadBy, SourceRecord, UsageFound, UsageReader } from "./port.ts";

/** Our names of columns, and what each says. `--map` gives a file's own names for them. */
const CSV_COLUMNS = {
  day: "UTC day or time of the use",
  model: "the model's id",
  images: "pictures made",
  dollars: "what they cost in US dollars, all together",
  requests: "requests that made them",
  size: "WxH or a label such as 2K",
  quality: "the quality tier",
  key: "whose use it was: a key, a project, a shop",
  prompt_tokens: "text tokens of one prompt",
  references: "pictures that went along",
} as const;

const required = ["day", "model", "images", "dollars"] as const;

/** A table of anybody's: a row a request, or a row for many alike. */
export const csvReader: UsageReader = {
  id: "csv",
  forms: ["table"],
  known: Object.keys(CSV_COLUMNS),
  required,
  read: async function* (records, by) {
    for await (const record of records) yield reading(record, () => found(record, by));
  },
};

function found({ fields: given }: SourceRecord, { map }: ReadBy): UsageFound {
  const fields: Fields =
    map.size === 0
      ? given
      : {
          ...given,
          ...Object.fromEntries([...map].map(([ours, theirs]) => [ours, given[theirs] ?? null])),
        };
  const images = count(fields, "images", 0);
  const cost = dollars(fields, "dollars");
  const references = countOrNull(fields, "references", 0) ?? 0;
  const part = {
    day: day(fields, "day"),
    model: text(fields, "model"),
    key: textOrNull(fields, "key"),
    requests: countOrNull(fields, "requests", 1),
    images,
    size: sizeOrNull(fields, "size"),
    quality: textOrNull(fields, "quality"),
    promptTokens: countOrNull(fields, "prompt_tokens", 0),
    outputTokens: null,
  };
  if (references > 0) return { kind: "left_out", reason: "edits", images, dollars: cost };
  if (images === 0) return { kind: "left_out", reason: "not_images", images, dollars: cost };
  return { kind: "usage", parts: [part], dollars: cost, outputDollars: null };
}
