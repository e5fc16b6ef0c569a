import { type Command, Option } from "commander";
import { z } from "zod";
import { withGateway } from "./gateway.ts";
import { isJudged, keptCells, keptColumns } from "./kept-text.ts";
import { type OrderFlags, readParameters, withParameters } from "./order.ts";
import { type ReferenceFlags, readReferences, withReferences } from "./reference-files.ts";
import { openSession } from "./session.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { keptFigures, readAnswer } from "./wire.ts";

const amounts = z.looseObject({ total: z.string(), per_image: z.string() }).nullable();
const chosen = z
  .looseObject({ model: z.string(), quality: z.string().nullable(), total: z.string() })
  .nullable();
const comparisonAnswer = z.looseObject({
  as_of: z.string(),
  n: z.number(),
  mode: z.string(),
  board: z.string().nullable(),
  ratings_are: z.string(),
  /** Of the preset that bounds the choice. */
  warnings: z.array(z.string()).default([]),
  ranked_by: z.string(),
  own_outcomes_are: z.string(),
  models: z.array(
    z.looseObject({
      model: z.string(),
      quality: z.string().nullable(),
      vendor: z.string(),
      rank: z.number().nullable(),
      expected: amounts,
      ceiling: amounts,
      rating: z
        .looseObject({
          score: z.number(),
          date: z.string(),
          at_least: z.boolean(),
          not_counted: z.string().nullable(),
        })
        .nullable(),
      band: z.string(),
      own_outcomes: keptFigures.nullable(),
      blocked_by: z.array(z.looseObject({ param: z.string(), why: z.string() })),
      marks: z.array(z.string()),
      warnings: z.array(z.string()),
    }),
  ),
  requirements: z.array(
    z.looseObject({
      param: z.string(),
      value: z.unknown(),
      with: chosen,
      without: chosen,
      costs: z.string().nullable(),
    }),
  ),
  emulated: z.boolean(),
});
type Comparison = z.infer<typeof comparisonAnswer>;
type Entry = Comparison["models"][number];

type CompareFlags = OrderFlags &
  ReferenceFlags & { readonly preset?: string; readonly all?: true; readonly by: string };

/** `compare PROMPT`: every model ranked for an order, and what each of its requirements costs. Spends nothing. */
export function addCompare(program: Command, terminal: Terminal): void {
  const command = program
    .command("compare")
    .description("which models could do an order, for how much, and what each requirement costs");
  withReferences(withParameters(command))
    .option("--preset <name>", "bound by a preset of the owner's, as auto/NAME would be")
    .option("--all", "also those that something blocks, and what")
    .addOption(
      new Option("--by <what>", "rank by price, or by price per kept picture of your own outcomes")
        .choices(["price", "kept"])
        .default("price"),
    )
    .action(async (prompt: string, flags: CompareFlags, self: Command) => {
      const session = openSession(self, terminal);
      const body = {
        ...(flags.preset === undefined ? {} : { model: `auto/${flags.preset}` }),
        ...(await readParameters(prompt, flags)),
        ...(await readReferences(flags)),
      };
      const comparison = await withGateway(session, async (gateway) => {
        const path = `/v1/images/compare?by=${flags.by}`;
        const answer = await gateway.call({ method: "POST", path, body });
        return readAnswer(comparisonAnswer, answer.body);
      });
      terminal.result(comparison, () => comparisonText(comparison, flags.all ?? false));
    });
}

function comparisonText(comparison: Comparison, all: boolean): string {
  const { models, requirements, board, as_of: asOf, n, emulated } = comparison;
  const open = models.filter(({ rank }) => rank !== null);
  const blocked = models.filter(({ rank }) => rank === null);
  const hidden = `${blocked.length} more are blocked: --all says by what`;
  const warned = [...comparison.warnings, ...open.flatMap(({ warnings }) => warnings)];
  return [
    `${n} image${n === 1 ? "" : "s"}, ${comparison.mode}, as of ${asOf}${comparison.ranked_by === "kept" ? ", by price per kept picture" : ""}${emulated ? ", SANDBOX: no real money" : ""}`,
    "",
    ...(open.length === 0 ? ["No model can do it as asked."] : [rankedText(open)]),
    "",
    ...(all ? blockedText(blocked) : blocked.length === 0 ? [] : [hidden, ""]),
    ...(requirements.length === 0 ? [] : [requirementsText(requirements), ""]),
    ...[...new Set(warned)].map((warning) => `warning: ${warning}`),
    `ratings: ${board ?? "no board"}: ${comparison.ratings_are}`,
    ...(isJudged(open.map((entry) => entry.own_outcomes))
      ? [`kept: ${comparison.own_outcomes_are}`]
      : []),
  ].join("\n");
}

function rankedText(entries: readonly Entry[]): string {
  const expected = alignPoints(entries.map((entry) => entry.expected?.total ?? ""));
  const ceilings = alignPoints(entries.map((entry) => entry.ceiling?.total ?? ""));
  const kept = entries.map((entry) => entry.own_outcomes);
  const judged = isJudged(kept);
  const keptOf = keptCells(kept);
  const each = alignPoints(entries.map((entry) => entry.expected?.per_image ?? ""));
  return table(
    [
      { name: "#", right: true },
      { name: "model" },
      { name: "expected USD" },
      { name: "per image" },
      { name: "ceiling" },
      { name: "band" },
      { name: "rating" },
      { name: "mark" },
      ...(judged ? keptColumns : []),
    ],
    entries.map((entry, index) => [
      String(entry.rank ?? ""),
      nameOf(entry),
      expected[index] ?? "",
      each[index] ?? "",
      ceilings[index] ?? "",
      entry.band,
      ratingText(entry),
      entry.marks.join(" "),
      ...(judged ? (keptOf[index] ?? []) : []),
    ]),
  );
}

function blockedText(entries: readonly Entry[]): readonly string[] {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => {
    const [first] = entry.blocked_by;
    const more = entry.blocked_by.length - 1;
    const why = first === undefined ? "blocked" : blockerText(first);
    return [nameOf(entry), entry.expected?.total ?? "-", more > 0 ? `${why} (+${more} more)` : why];
  });
  return [table([{ name: "blocked" }, { name: "expected USD" }, { name: "by" }], rows), ""];
}

/** Gates name their parameter themselves. */
function blockerText({ param, why }: Entry["blocked_by"][number]): string {
  return why.startsWith(param) ? why : `${param}: ${why}`;
}

function requirementsText(requirements: Comparison["requirements"]): string {
  const rows = requirements.map(({ param, value, with: kept, without, costs }) => [
    `${param}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    costs ?? "-",
    choiceText(kept),
    choiceText(without),
  ]);
  return table(
    [{ name: "requirement" }, { name: "costs USD" }, { name: "with it" }, { name: "without it" }],
    rows,
  );
}

function choiceText(of: z.infer<typeof chosen>): string {
  return of === null ? "none" : `${nameOf(of)} ${of.total}`;
}

function nameOf({ model, quality }: Pick<Entry, "model" | "quality">): string {
  return quality === null ? model : `${model}:${quality}`;
}

function ratingText({ rating }: Entry): string {
  if (rating === null) return "unrated";
  const score = `${rating.at_least ? "at least " : ""}${rating.score}, ${rating.date}`;
  return rating.not_counted === null ? score : `(${score}: ${rating.not_counted})`;
}
