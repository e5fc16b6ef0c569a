import type { Command } from "commander";
import { frontierSvg } from "../advisor/plot/frontier-plot.ts";
import { among } from "../advisor/rule/families.ts";
import { frontierOf } from "../advisor/rule/frontier.ts";
import { readFrontier } from "../advisor/rule/query.ts";
import { type FrontierJson, frontierJson } from "../advisor/rule/rule-json.ts";
import { asAsked, readOffline } from "./catalog-offline.ts";
import { openSession } from "./session.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { writeTextFile } from "./text-file.ts";

type FrontierFlags = {
  readonly asOf?: string;
  readonly families?: string;
  readonly mode?: string;
  readonly size?: string;
  readonly references?: string;
  readonly referenceSize?: string;
  readonly allowWeakPrices?: true;
  readonly svg?: string;
};

/** `frontier`: what more quality costs, by what boards say, and what is dominated. Needs no gateway. */
export function addFrontier(program: Command, terminal: Terminal): void {
  program
    .command("frontier")
    .description("cost against rating: what more quality costs; asks no gateway")
    .option("--mode <mode>", "generation (default) or edit")
    .option("--size <size>", "WxH or a label (default: 1024x1024)")
    .option("--references <count>", "reference pictures of an edit (default: 1)")
    .option("--reference-size <size>", "pixels of each reference (default: 1024x1024)")
    .option("--as-of <day>", "read catalog and ratings as of this day (default: today)")
    .option("--families <names>", "article, all, or models and vendors, with commas (default: all)")
    .option("--allow-weak-prices", "guesses, and what one third party alone says, count too")
    .option("--svg <file>", "draw it")
    .action(async (flags: FrontierFlags, command: Command) => {
      const offline = await readOffline(openSession(command, terminal));
      const asked = asAsked(() => readFrontier(sentOf(flags), offline));
      const market = asAsked(() => among(offline.marketAt(asked.asOf), asked.chosen));
      const frontier = frontierOf(asked, market);
      if (flags.svg !== undefined) {
        await writeTextFile(flags.svg, frontierSvg(frontier));
        terminal.note(`drawn: ${flags.svg}`);
      }
      const json = frontierJson(frontier);
      terminal.result(json, () => frontierText(json, (text) => terminal.style("bold", text)));
    });
}

function sentOf({ svg: _, allowWeakPrices, asOf, referenceSize, ...same }: FrontierFlags) {
  return {
    ...same,
    ...(asOf === undefined ? {} : { as_of: asOf }),
    ...(referenceSize === undefined ? {} : { reference_size: referenceSize }),
    ...(allowWeakPrices === undefined ? {} : { allow_weak_prices: "true" }),
  };
}

function frontierText(frontier: FrontierJson, bold: (text: string) => string): string {
  const { points, unrated, board, as_of: asOf, mode, size, references } = frontier;
  const work = mode === "edit" ? `edits of ${references}` : "from text";
  const totals = alignPoints(points.map(({ total }) => total));
  const rows = points.map((point, index) => [
    point.on_frontier ? "*" : "",
    nameOf(point),
    totals[index] ?? "",
    `${point.at_least ? ">= " : ""}${point.score}${point.ci === null ? "" : ` ± ${point.ci}`}`,
    point.date,
    point.band,
    whyNot(point),
  ]);
  const columns = ["", "model", "USD", "rating", "table of", "band", ""].map((name) => ({ name }));
  return [
    bold(`Cost against rating on ${asOf}: ${work}, ${size}`),
    `${board.name}: ${frontier.note}`,
    "",
    points.length === 0
      ? "nothing that can be ordered so has a rating that counts"
      : table(columns, rows),
    ...unratedLines(unrated, bold),
  ].join("\n");
}

type PointJson = FrontierJson["points"][number];

function whyNot({ dominated_by: by, doubt }: PointJson): string {
  const doubted = doubt === null ? "" : `not to be led to: ${doubt.why}`;
  if (by === null) return doubted;
  return `dominated by ${nameOf(by)} ${by.total}${doubted === "" ? "" : `; ${doubted}`}`;
}

function nameOf({ model, quality }: { readonly model: string; readonly quality: string | null }) {
  return quality === null ? model : `${model} ${quality}`;
}

function unratedLines(
  unrated: FrontierJson["unrated"],
  bold: (text: string) => string,
): readonly string[] {
  if (unrated.length === 0) return [];
  const rows = unrated.map((each) => [nameOf(each), each.total, each.why]);
  const columns = [{ name: "model" }, { name: "USD", right: true }, { name: "why" }];
  return ["", bold("Without a rating that counts"), table(columns, rows)];
}
