import type { Catalog } from "../catalog/find.ts";
import { parsePixels } from "../gates/size.ts";
import type { LedgerCall } from "../ledger/port.ts";
import type { ResultStore } from "../results/port.ts";
import { KeptPictures } from "./kept-pictures.ts";
import { PassingImages } from "./passing-images.ts";
import { type RecoveredAnswer, settledAgain } from "./recovered-answer.ts";

/** The pictures of a run's row whose call outlived its gateway: the run will ask for them. */
export function recoveredPictures(
  { hold }: LedgerCall,
  { catalog, results }: { readonly catalog: Catalog; readonly results: ResultStore },
): RecoveredAnswer {
  const { pixels } = hold.facts.size;
  const passing = new PassingImages({
    pixels: pixels === null ? undefined : parsePixels(pixels),
    format: undefined,
  });
  const opened = { sink: passing, delivered: () => ({ images: passing.images, gone: false }) };
  const of = { holdId: hold.id, keeps: true, opened, output: undefined };
  const pictures = new KeptPictures(of, { results });
  return {
    sink: pictures,
    settle: async (outcome) => {
      const images = pictures.withHashes(passing.images);
      const settlement = settledAgain(outcome, images, { hold, catalog });
      return settlement !== undefined && (await pictures.seal()) ? settlement : undefined;
    },
    discard: () => pictures.discard(),
  };
}
