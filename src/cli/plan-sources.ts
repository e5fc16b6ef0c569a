import { readFile } from "node:fs/promises";
import { catalogMarket } from "../advisor/catalog-market.ts";
import type { Market } from "../advisor/market.ts";
import { findModel, nearestName } from "../catalog/find.ts";
import { applyAutoAs } from "../gateway/auto-as.ts";
import { choiceFields, readChoice } from "../gateway/choice-fields.ts";
import { knownRegions, readConstraints } from "../gateway/constraints.ts";
import { isChosen } from "../gateway/search.ts";
import { orderIn } from "../http/order-fields.ts";
import type { AutoAs } from "../ledger/accounts-port.ts";
import { Refusal } from "../refusals.ts";
import { BadCell, parameterValue } from "../runs/columns.ts";
import type { PlanAsked } from "../runs/make-plan.ts";
import type { PlanTold } from "../runs/plan-json.ts";
import { BadTemplate, parseTemplate, templateIn, templateSha256 } from "../runs/prompt-template.ts";
import { ownerDefaults } from "../start/owner-defaults.ts";
import { readPresetFiles, withProofPresets } from "../start/proof-presets.ts";
import { readCatalog } from "../start/read-catalog.ts";
import { today } from "../start/today.ts";
import { estimateOf } from "../vendors/registry.ts";
import { readChoiceFlags } from "./choice-flags.ts";
import { Misuse, refused } from "./failures.ts";
import { parametersIn } from "./order.ts";
import type { PlanFlags } from "./plan.ts";
import type { Session } from "./session.ts";

/** All that a plan is made of but its file. */
export type PlanSources = {
  readonly asked: Omit<PlanAsked, "budget" | "digests" | "progress">;
  readonly told: Omit<PlanTold, "file">;
};

/**
 * Reads catalog, ratings, the owner's defaults and the flags.
 *
 * @throws StartError for the owner's file; Misuse for flags that no row could use.
 */
export async function planSources({ config }: Session, flags: PlanFlags): Promise<PlanSources> {
  const catalog = readCatalog(config);
  const { ratings, connections } = catalog;
  const asOf = flags.asOf ?? config.asOf ?? today();
  const owner = ownerDefaults(config.settings, { catalog, ratings, asOf, connections });
  const whole = catalogMarket(catalog, { asOf, ratings, estimateOf });
  const regions = knownRegions(catalog.models, connections);
  const words = { catalog, ratings, asOf, regions, at: "spotmeter" };
  const template = await templateOf(flags);
  const defaults = definedIn({ model: flags.model, ...parametersIn(flags) });
  const files = readPresetFiles(config.home);
  const presets = ofTemplate(withProofPresets(owner.presets, files), template);
  const source = { words, presets, legacy: owner.legacy, defaults };
  assertDefaults(source);
  const choice = readChoiceFlags(flags);
  const ignored = flags.ignoreColumns?.split(",").map((name) => name.trim()) ?? [];
  return {
    asked: {
      ...source,
      market: withOwnerDefaults(whole, owner.autoAs),
      template,
      ignored: new Set(ignored),
      encoding: flags.encoding,
      assign: choice === undefined ? undefined : constraintsOf(choice, words),
    },
    told: { asOf, constraints: choice === undefined ? undefined : definedIn({ ...choice }) },
  };
}

/** A preset that was proven with another template than this file's says so. */
function ofTemplate(presets: PlanAsked["presets"], template: string | undefined) {
  if (template === undefined) return presets;
  const sha256 = templateSha256(template);
  return new Map(
    [...presets].map(([name, asked]) => {
      const { proven } = asked;
      if (proven === undefined || proven.template === null || proven.template === sha256) {
        return [name, asked];
      }
      const changed = ["these rows have another template than it was proven with"];
      return [name, { ...asked, proven: { ...proven, changed } }];
    }),
  );
}

/** What the owner lets stand for an open quality or size stands in a plan too. */
function withOwnerDefaults(market: Market, config: AutoAs): Market {
  if (Object.keys(config).length === 0) return market;
  const models = market.models.map((entry) => ({
    ...entry,
    adapt: (order: Parameters<typeof applyAutoAs>[0]) =>
      applyAutoAs(order, entry.model, { policy: undefined, config }).order,
  }));
  return { ...market, models };
}

async function templateOf({ prompt, template }: PlanFlags): Promise<string | undefined> {
  const text = template === undefined ? prompt : await readTemplate(template);
  if (text === undefined) return undefined;
  const named = template === undefined ? "--prompt" : `--template ${template}`;
  if (text === "") throw new Misuse(`${named} is empty`);
  try {
    parseTemplate(text);
    return text;
  } catch (cause) {
    if (cause instanceof BadTemplate) throw new Misuse(`${named}: ${cause.message}`, { cause });
    throw cause;
  }
}

async function readTemplate(file: string): Promise<string> {
  try {
    return templateIn(await readFile(file, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused("unreadable_file", `--template ${file}: ${why}`, { cause });
  }
}

/** A flag that no row could use is said once, not for every row. */
function assertDefaults({
  defaults,
  legacy,
  words: { catalog },
}: Pick<PlanSources["asked"], "defaults" | "legacy" | "words">): void {
  try {
    for (const [name, value] of Object.entries(defaults)) check(name, value);
    const { model } = orderIn({ model: "auto", ...defaults, prompt: "x" }, legacy);
    if (isChosen(model) || findModel(catalog, model) !== undefined) return;
    const nearest = nearestName(catalog, model);
    const hint = nearest === undefined ? "" : `; the nearest is ${nearest}`;
    throw new Misuse(`--model ${model}: no such model${hint}`);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Misuse(cause.message, { cause });
  }
}

function check(name: string, value: unknown): void {
  try {
    parameterValue(name, value);
  } catch (cause) {
    if (!(cause instanceof BadCell)) throw cause;
    throw new Misuse(`${flagOf(name)}: ${cause.message}`, { cause });
  }
}

function constraintsOf(
  choice: object,
  words: Parameters<typeof readConstraints>[1],
): ReturnType<typeof readConstraints> {
  const fields = new Map(Object.entries(choice));
  for (const [name, schema] of Object.entries(choiceFields)) {
    const parsed = schema.safeParse(fields.get(name));
    if (parsed.success) continue;
    const why = parsed.error.issues[0]?.message ?? "not understood";
    throw new Misuse(`${flagOf(name)} ${String(fields.get(name))}: ${why}`);
  }
  try {
    return readConstraints(readChoice(choice) ?? {}, { ...words, at: "plan" });
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const message = cause.message.replace(/plan\.([a-z_]+)/g, (_, name: string) => flagOf(name));
    throw new Misuse(message, { cause });
  }
}

/** A parameter as the command line calls it. */
function flagOf(name: string): string {
  return `--${name.replaceAll("_", "-")}`;
}

function definedIn(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
