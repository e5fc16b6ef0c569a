import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { csvText } from "../../http/usage/csv.ts";
import { csvRowsOf } from "../../measure/csv.ts";
import { htmlOf } from "../../measure/html.ts";
import { markdownOf } from "../../measure/markdown.ts";
import type { Measured } from "../../measure/measured.ts";
import { reportOf } from "../../measure/report.ts";
import type { Report } from "../../measure/report-form.ts";
import { writeReportFile } from "./folder.ts";
import { publishedOfPackage } from "./models.ts";

const EDGE_MAX = 320;
const JPEG_QUALITY = 82;

/** Writes `report.html`, `report.md`, `tables.csv` and the plots into the run's folder. @throws Refused `disk_full` */
export async function writeReport(folder: string, measured: Measured): Promise<void> {
  const report = reportOf(measured, publishedOfPackage());
  const blocks = report.sections.flatMap((section) => section.blocks);
  for (const block of blocks) {
    if (block.kind === "plot") await writeReportFile(folder, `${block.id}.svg`, block.svg);
  }
  await writeReportFile(folder, "tables.csv", csvText(csvRowsOf(report, measured.run.emulated)));
  await writeReportFile(folder, "report.md", markdownOf(report));
  const embedded = await embedPictures(folder, report);
  await writeReportFile(folder, "report.html", htmlOf(report, embedded));
}

/** The proof sheet's pictures, made small; one that can't be read is linked as it is. */
async function embedPictures(folder: string, report: Report): Promise<Map<string, string>> {
  const files = report.sections
    .flatMap((section) => section.blocks)
    .flatMap((block) => (block.kind === "proof" ? block.pictures : []))
    .flatMap(({ file }) => file ?? []);
  const embedded = new Map<string, string>();
  for (const file of files) {
    const small = await shrunk(join(folder, file));
    if (small !== undefined) embedded.set(file, small);
  }
  return embedded;
}

async function shrunk(path: string): Promise<string | undefined> {
  // Loaded only here: a native module that no other command needs.
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  try {
    const picture = await loadImage(await readFile(path));
    const scale = Math.min(1, EDGE_MAX / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width * scale, picture.height * scale].map(Math.round);
    const canvas = createCanvas(width ?? 1, height ?? 1);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", JPEG_QUALITY);
  } catch {
    // Not kept, or in a format that is not read here: the page links to it instead.
    return undefined;
  }
}
