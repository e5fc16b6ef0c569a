import { readSize } from "../gates/size.ts";
import type { ImportedRow } from "../imports/row.ts";
import type { PastCall } from "./past-call.ts";

/**
 * A row of an imported set as past requests. Where every request made the same number of pictures it is priced
 * as such, else as requests of one picture each. Pure.
 */
export function importedCall(row: ImportedRow): PastCall {
  const { requests, images, quality, prompt_tokens: tokens } = row;
  const size = row.size === null ? undefined : readSize(row.size);
  const even = requests > 0 && images % requests === 0;
  return {
    ...{ key: row.key, requests, images },
    times: BigInt(even ? requests : images),
    order: {
      ...{ model: row.model, prompt: "", n: even ? images / requests : 1 },
      ...(quality === null ? {} : { quality }),
      ...(size === undefined ? {} : { size }),
    },
    // The text is unknown: bounds by characters and bytes can't be looked at.
    prompt: { characters: tokens, bytes: tokens, tokens },
    margin: null,
    paid: row.dollars,
    paidBy: "imported",
    day: row.day,
    price: undefined,
    recharge: () => undefined,
  };
}
