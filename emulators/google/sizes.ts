import type { GeminiModel } from "./models.ts";

export type Size = { readonly width: number; readonly height: number };

/** `gemini-2.5-flash-image`, 1290 tokens each: google.md §1.1 [spec S9, S12]. */
const SIZES_25: Readonly<Record<string, string>> = {
  "1:1": "1024x1024",
  "2:3": "832x1248",
  "3:2": "1248x832",
  "3:4": "864x1184",
  "4:3": "1184x864",
  "4:5": "896x1152",
  "5:4": "1152x896",
  "9:16": "768x1344",
  "16:9": "1344x768",
  "21:9": "1536x672",
};

/** Gemini 3.x in the order 512, 1K, 2K, 4K: google.md §1.1 [spec S9]. */
const SIZES_3: Readonly<Record<string, readonly string[]>> = {
  "1:1": ["512x512", "1024x1024", "2048x2048", "4096x4096"],
  "2:3": ["424x632", "848x1264", "1696x2528", "3392x5056"],
  "3:2": ["632x424", "1264x848", "2528x1696", "5056x3392"],
  "3:4": ["448x600", "896x1200", "1792x2400", "3584x4800"],
  "4:3": ["600x448", "1200x896", "2400x1792", "4800x3584"],
  "4:5": ["464x576", "928x1152", "1856x2304", "3712x4608"],
  "5:4": ["576x464", "1152x928", "2304x1856", "4608x3712"],
  "9:16": ["384x688", "768x1376", "1536x2752", "3072x5504"],
  "16:9": ["688x384", "1376x768", "2752x1536", "5504x3072"],
  // 792x168 as the guide prints it, though it is likely a misprint of 792x336.
  "21:9": ["792x168", "1584x672", "3168x1344", "6336x2688"],
  "1:4": ["256x1024", "512x2048", "1024x4096", "2048x8192"],
  "4:1": ["1024x256", "2048x512", "4096x1024", "8192x2048"],
  "1:8": ["192x1536", "384x3072", "768x6144", "1536x12288"],
  "8:1": ["1536x192", "3072x384", "6144x768", "12288x1536"],
};

const LABELS = ["512", "1K", "2K", "4K"];

/** The pixels of a cell of the vendor's table. The cell must exist: validation has seen to that. */
export function cellSize(model: GeminiModel, label: string, ratio: string): Size {
  const cell = model.sizes.length === 0 ? SIZES_25[ratio] : SIZES_3[ratio]?.[LABELS.indexOf(label)];
  const [width, height] = cell?.split("x").map(Number) ?? [];
  if (width === undefined || height === undefined) {
    throw new Error(`no size for ${model.id} ${label} ${ratio}`);
  }
  return { width, height };
}

/** Without a ratio the output follows the last input image's shape, else it is square (google.md §1.1 [spec S9]). */
export function nearestRatio(model: GeminiModel, reference: Size | undefined): string {
  if (reference === undefined) return "1:1";
  const wanted = Math.log(reference.width / reference.height);
  const distance = (ratio: string): number => {
    const [width = 1, height = 1] = ratio.split(":").map(Number);
    return Math.abs(Math.log(width / height) - wanted);
  };
  return model.ratios.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
}
