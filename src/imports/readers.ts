import { registrations } from "../vendors/registry.ts";
import { csvReader } from "./csv.ts";
import { litellmReader } from "./litellm.ts";
import type { UsageReader } from "./port.ts";

/** Every kind of export that can be imported: vendors' own, then others'. */
export const usageReaders: readonly UsageReader[] = [
  ...registrations.flatMap(({ usageExport }) => usageExport ?? []),
  litellmReader,
  csvReader,
];
