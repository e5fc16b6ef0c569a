import type { Command } from "commander";
import { crossoverSvg } from "../advisor/plot/crossover-plot.ts";
import { among } from "../advisor/rule/families.ts";
import { readRule } from "../advisor/rule/query.ts";
import { allAtOnce, computeRule } from "../advisor/rule/rule.ts";
import { ruleJson } from "../advisor/rule/rule-json.ts";
import { asAsked, readOffline } from "./catalog-offline.ts";
import { ruleText } from "./rule-text.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { writeTextFile } from "./text-file.ts";

type RuleFlags = {
  readonly asOf?: string;
  readonly families?: string;
  readonly by?: string;
  readonly references?: string;
  readonly referenceSize?: string;
  readonly sizes?: string;
  readonly n?: string;
  readonly allowWeakPrices?: true;
  readonly svg?: string;
};

/** `rule`: what is cheapest for what, where that changes, and whether what was published of it holds. Needs no gateway. */
export function addRule(program: Command, terminal: Terminal): void {
  program
    .command("rule")
    .description("the decision rule of a day, computed from the catalog; asks no gateway")
    .option("--as-of <day>", "read catalog and ratings as of this day (default: today)")
    .option("--families <names>", "article, all, or models and vendors, with commas (default: all)")
    .option("--by <rows>", "tier: quality words, no quality claim; evidence: bands (default)")
    .option("--references <counts>", "reference pictures (default: 0,1,3,5,10)")
    .option("--reference-size <size>", "pixels of each reference (default: 1024x1024)")
    .option("--sizes <sizes>", "WxH or labels (default: 1024x1024,1536x1024,2048x2048)")
    .option("--n <counts>", "images of one request (default: 1,4)")
    .option("--allow-weak-prices", "guesses, and what one third party alone says, may win too")
    .option("--svg <file>", "draw where the cheaper choice changes")
    .action(async (flags: RuleFlags, command: Command) => {
      const offline = await readOffline(openSession(command, terminal));
      const asked = asAsked(() => readRule(sentOf(flags), offline));
      const market = offline.marketAt(asked.asOf);
      const rule = asAsked(() => allAtOnce(computeRule(asked, { market, claims: offline.claims })));
      if (flags.svg !== undefined) {
        const [size = ""] = asked.sizes;
        const chosen = among(market, asked.chosen);
        const { crossovers } = rule;
        const { referenceSize } = asked;
        await writeTextFile(
          flags.svg,
          crossoverSvg({ market: chosen, crossovers, size, referenceSize }),
        );
        terminal.note(`drawn: ${flags.svg}`);
      }
      const json = ruleJson(rule);
      terminal.result(json, () => ruleText(json, (text) => terminal.style("bold", text)));
    });
}

function sentOf({ svg: _, allowWeakPrices, asOf, referenceSize, ...same }: RuleFlags) {
  return {
    ...same,
    ...(asOf === undefined ? {} : { as_of: asOf }),
    ...(referenceSize === undefined ? {} : { reference_size: referenceSize }),
    ...(allowWeakPrices === undefined ? {} : { allow_weak_prices: "true" }),
  };
}
