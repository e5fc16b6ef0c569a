import { z } from "zod";
import type { ImageOrder } from "../../gates/order.ts";
import { choiceFields } from "../../gateway/choice-fields.ts";

/** Our own object in an order: what no client contract has a name for. */

const output = z
  .union([
    z.boolean(),
    z.strictObject({
      key: z
        .string()
        .min(1)
        .max(512)
        .nullish()
        .describe("A template such as shop/{receipt}-{index}.{ext}"),
    }),
  ])
  .nullish()
  .describe("true, or an object with a key: the pictures are kept in the owner's store of outputs");

export const spotmeterField = z.strictObject({ output, ...choiceFields });

/** What is to be kept; undefined where nothing is asked for. */
export function readOutput(
  field: z.infer<typeof spotmeterField> | undefined,
): ImageOrder["output"] {
  const asked = field?.output ?? false;
  if (asked === false) return undefined;
  const key = asked === true ? undefined : (asked.key ?? undefined);
  return key === undefined ? {} : { key };
}
