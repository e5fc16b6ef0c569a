import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogMarket } from "../src/advisor/catalog-market.ts";
import { priceOrder } from "../src/advisor/price-order.ts";
import { loadCatalog, loadRatings } from "../src/catalog/load.ts";
import { knownRegions } from "../src/gateway/constraints.ts";
import { measurePrompt } from "../src/gateway/prompt.ts";
import { parseOrder } from "../src/http/openai/parse-order.ts";
import { formatUsd, type PicoUsd, sumUsd } from "../src/money/pico-usd.ts";
import { makePlan } from "../src/runs/make-plan.ts";
import { estimateOf } from "../src/vendors/registry.ts";

/**
 * Rows a second and peak memory of `plan`, and of the plain way to the same total: the file read whole, each row
 * parsed, its prompt counted and its order priced by itself. Each in a process of its own; the sums must agree.
 */

const rows = Number(process.argv[2] ?? 100_000);
const catalog = loadCatalog({ folder: "catalog/models" });
const ratings = loadRatings("catalog/ratings.json", catalog);
const asOf = "2026-12-02";
const market = catalogMarket(catalog, { asOf, ratings, estimateOf });

/** A brand's prompt of some 90 words, as a shop sends it for every item of its catalog. */
const TEMPLATE = `Studio photo of {name} in {colour}, three-quarter view on a seamless white background. ${"Soft even light from the left, a faint shadow below, natural proportions, no text, no logo, no hands. ".repeat(4)}The brand's own look: calm, matte, true to colour.`;

const NAMES = [
  "Ceramic mug",
  "Oak chair",
  "Linen apron",
  "Brass lamp",
  "Wool throw",
  "Glass carafe",
];
const COLOURS = ["white", "cobalt blue", "black", "natural", "sage green", "terracotta", "sand"];
const ORDERS = [
  ["gpt-image-2", "1024x1024", "low"],
  ["gpt-image-2", "1024x1536", "medium"],
  ["seedream-4-0", "2048x2048", ""],
] as const;

type Figures = {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakKiB: number;
  readonly expected: string;
};

const kinds = {
  plan: { label: "plan, named models", model: undefined, seeds: false },
  auto: { label: "plan, model auto", model: "auto", seeds: false },
  seeds: { label: "plan, a seed a row", model: "qwen-image-3.0", seeds: true },
} as const;
type Kind = keyof typeof kinds;

function write(file: string, kind: Kind): void {
  const { model, seeds } = kinds[kind];
  const lines = Array.from({ length: rows }, (_, index) => {
    const [named, size, quality] = ORDERS[index % ORDERS.length] ?? ORDERS[0];
    const name = `${NAMES[index % NAMES.length]} no. ${index}`;
    const colour = COLOURS[index % COLOURS.length];
    const tier = model === undefined ? quality : "";
    const seed = seeds ? `,${index}` : "";
    const at = seeds ? "1024x1024" : size;
    return `item-${index},${name},${colour},${model ?? named},${at},${tier}${seed}`;
  });
  const header = `id,name,colour,model,size,quality${seeds ? ",seed" : ""}`;
  writeFileSync(file, `${header}\n${lines.join("\n")}\n`);
}

async function planned(file: string): Promise<PicoUsd> {
  const words = { catalog, ratings, asOf, regions: knownRegions(catalog.models, []), at: "" };
  const plan = await makePlan(file, {
    ...{ words, presets: new Map(), legacy: new Map(), defaults: {}, market, template: TEMPLATE },
    ...{ ignored: new Set<string>(), encoding: undefined, assign: undefined, budget: undefined },
    ...{ digests: false, progress: () => undefined },
  });
  if (plan.asked.blockedRows > 0) throw new Error("rows are blocked");
  return plan.asked.expected;
}

async function plain(file: string): Promise<PicoUsd> {
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const prices: PicoUsd[] = [];
  for (const line of lines) {
    const [, name = "", colour = "", model = "", size = "", quality = ""] = line.split(",");
    const prompt = TEMPLATE.replace("{name}", name).replace("{colour}", colour);
    const body = { model, prompt, size, ...(quality === "" ? {} : { quality }) };
    const order = parseOrder(body, new Map());
    const entry = market.models.find((each) => each.model.id === model);
    if (entry?.priceable === undefined) throw new Error(`${model} has no price`);
    const by = { prompt: await measurePrompt(prompt), margin: null };
    prices.push(priceOrder(order, entry.priceable, by).quote.expected.total);
  }
  return sumUsd(prices);
}

function peakKiB(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

async function one(way: "plan" | "plain", file: string): Promise<void> {
  await measurePrompt("a mug");
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const expected = await (way === "plan" ? planned(file) : plain(file));
  const ms = performance.now() - startMs;
  const used = process.cpuUsage(cpu);
  const figures: Figures = {
    ms,
    cpuMs: (used.user + used.system) / 1_000,
    peakKiB: peakKiB(),
    expected: formatUsd(expected),
  };
  console.log(JSON.stringify(figures));
}

function run(way: "plan" | "plain", file: string): Figures {
  const args = ["bench/plan.ts", String(rows), "--only", way, file];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function line(
  label: string,
  { ms, cpuMs, peakKiB: peak }: Figures,
  base: Figures | undefined,
): string {
  const perSecond = Math.round((rows / ms) * 1_000);
  const ratios =
    base === undefined
      ? ""
      : `${(base.cpuMs / cpuMs).toFixed(1).padStart(8)}${(peak / base.peakKiB).toFixed(2).padStart(10)}`;
  const seconds = (ms / 1_000).toFixed(1).padStart(9);
  const each = ((cpuMs * 1_000) / rows).toFixed(0).padStart(12);
  return `${label.padEnd(22)}${String(perSecond).padStart(9)}${seconds}${each}${(peak / 1_024).toFixed(0).padStart(11)}${ratios}`;
}

const only = process.argv.indexOf("--only");
if (only !== -1) {
  const way = process.argv[only + 1] === "plain" ? "plain" : "plan";
  await one(way, process.argv[only + 2] ?? "");
} else {
  const folder = mkdtempSync(join(tmpdir(), "spotmeter-bench-plan-"));
  try {
    const file = join(folder, "plan.csv");
    write(file, "plan");
    const base = run("plain", file);
    console.log(
      `${rows} rows, a prompt of ${TEMPLATE.length} characters each; Node ${process.version}`,
    );
    console.log(`${"".padEnd(22)}   rows/s  seconds  CPU us/row   peak MiB  faster  memory`);
    console.log(line("the plain way", base, undefined));
    for (const [kind, { label }] of Object.entries(kinds)) {
      write(file, kind as Kind);
      const figures = run("plan", file);
      if (kind === "plan" && figures.expected !== base.expected) {
        throw new Error(`sums differ: ${figures.expected} and ${base.expected}`);
      }
      console.log(line(label, figures, base));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
