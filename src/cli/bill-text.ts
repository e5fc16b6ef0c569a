import { alignPoints, table } from "./table.ts";
import type { Line, Quote, Receipt, Resolved, Route } from "./wire.ts";

/** Bills for people: printed like a shop's receipt, from the API's own strings. Nothing here adds or rounds. */

type Sum = { readonly label: string; readonly amount: string };
type Fact = readonly [name: string, value: string];

export type Emphasis = (text: string) => string;

/** A receipt: what was charged, why, on what evidence. */
export function receiptText(receipt: Receipt, bold: Emphasis): string {
  const { id, created, emulated, total, ceiling, released, overrun, expected } = receipt;
  const { corrected_total: corrected } = receipt;
  const when = new Date(created * 1_000).toISOString().replace("T", " ").slice(0, 19);
  const sums = [
    { label: "total USD", amount: total },
    { label: "expected", amount: expected },
    { label: "ceiling (was reserved)", amount: ceiling },
    { label: "released", amount: released },
    ...(overrun === "0" ? [] : [{ label: "overrun (the house pays)", amount: overrun }]),
    ...(corrected === null ? [] : [{ label: "corrected afterwards to", amount: corrected }]),
  ];
  return [
    bold(`receipt ${id}`),
    `${when} UTC, ${receipt.model} from ${receipt.vendor}, ${receipt.status}${emulated ? ", SANDBOX: no real money" : ""}`,
    "",
    billText(receipt.lines, sums, bold),
    "",
    factsText(receiptFacts(receipt)),
  ].join("\n");
}

/** A quote: what is expected, and the most that it can be. */
export function quoteText(quote: Quote, bold: Emphasis): string {
  const { expected, ceiling, exact } = quote;
  const facts: Fact[] = [
    ["price", priceText(quote)],
    ["marks", listText(quote.marks)],
    ...routeFacts(quote.route),
    ...resolvedFacts(quote.resolved),
    ...sentFacts(quote.sent),
    ...quote.warnings.map((warning): Fact => ["warning", warning]),
    ...quote.levers.map((lever): Fact => ["lever", leverText(lever)]),
  ];
  return [
    bold(`quote for ${quote.model} from ${quote.vendor}`) +
      (quote.emulated ? ", SANDBOX: no real money" : ""),
    "",
    billText(expected.lines, [{ label: "expected USD", amount: expected.total }], bold),
    "",
    exact
      ? "exact: the ceiling is the same"
      : billText(ceiling.lines, [{ label: "ceiling USD", amount: ceiling.total }], bold),
    "",
    factsText(facts),
  ].join("\n");
}

/** What could be changed, what it would come to, and on what that rests. */
function leverText({
  param,
  value,
  expected,
  ceiling,
  saves,
  why,
}: Quote["levers"][number]): string {
  const saved = saves === undefined || saves === "0" ? "" : `, saves ${saves}`;
  const because = why === undefined ? "" : ` (${why})`;
  return `${param}=${value}: expected ${expected}, ceiling ${ceiling}${saved}${because}`;
}

/** Lines and sums; every amount has its decimal point under the one above. */
function billText(lines: readonly Line[], sums: readonly Sum[], bold: Emphasis): string {
  const amounts = alignPoints([...lines, ...sums].map((each) => each.amount));
  const prices = alignPoints(lines.map((line) => line.unit_price));
  const text = table(
    [{ name: "meter" }, { name: "quantity", right: true }, { name: "unit price" }, { name: "USD" }],
    [
      ...lines.map((line, index) => [
        line.meter,
        line.quantity,
        prices[index] ?? "",
        amounts[index] ?? "",
      ]),
      ...sums.map((sum, index) => [sum.label, "", "", amounts[lines.length + index] ?? ""]),
    ],
  ).split("\n");
  const first = lines.length + 1;
  const rule = "-".repeat(text.reduce((widest, row) => Math.max(widest, row.length), 0));
  const [total = "", ...others] = text.slice(first);
  return [...text.slice(0, first), rule, bold(total), ...others].join("\n");
}

function receiptFacts(receipt: Receipt): Fact[] {
  const { basis, reason, code, served_model: served, chain } = receipt;
  return [
    ["basis", reason === null ? basis : `${basis} (usage was ${reason})`],
    ...(typeof code === "string" ? [["refused as", code] satisfies Fact] : []),
    ...(served === null || served === receipt.model
      ? []
      : [["served model", served] satisfies Fact]),
    ["price", priceText(receipt)],
    ["marks", listText(receipt.marks)],
    ["flags", listText(receipt.flags)],
    ...routeFacts(receipt.route),
    ...resolvedFacts(receipt.resolved),
    ...sentFacts(receipt.sent),
    ...receipt.warnings.map((warning): Fact => ["warning", warning]),
    ...receipt.outcomes.map(
      ({ image, kept, reason }): Fact => [
        "outcome",
        `picture ${image} ${kept ? "kept" : "rejected"}${reason === null ? "" : `: ${reason}`}`,
      ],
    ),
    ...receipt.images.map(
      (image): Fact => [
        "image",
        `${image.width ?? "?"}x${image.height ?? "?"} ${image.format ?? "unknown format"}, ${image.bytes} bytes${image.flags.length === 0 ? "" : `, ${image.flags.join(", ")}`}`,
      ],
    ),
    ...(chain === null ? [] : [["chain", `${chain.sequence} ${chain.hash}`] satisfies Fact]),
  ];
}

function priceText(of: {
  readonly price_version: string;
  readonly source?: string | undefined;
  readonly checked_on?: string | undefined;
}): string {
  const source = of.source === undefined ? "" : `, ${of.source}`;
  const checked = of.checked_on === undefined ? "" : `, checked ${of.checked_on}`;
  return `${of.price_version}${source}${checked}`;
}

/** Why a model was chosen, and what would have been next. */
function routeFacts(route: Route): Fact[] {
  if (route === null) return [];
  const { runner_up: next, reasons } = route;
  const tier = next === null || next.quality === null ? "" : `:${next.quality}`;
  return [
    ...reasons.map((reason): Fact => ["chosen", reason]),
    ["runner-up", next === null ? "none" : `${next.model}${tier}, ${next.total} USD expected`],
  ];
}

/** An owner's defaults in place of what was left open. */
function resolvedFacts(resolved: Resolved): Fact[] {
  return resolved.map(({ param, asked, sent, by }) => [
    "resolved",
    `${param}=${sent}, ${by === "auto" ? "chosen by auto" : `set at the ${by}`}; asked: ${asked ?? "nothing"}`,
  ]);
}

/** What went to the vendor beyond what was asked. */
function sentFacts(sent: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(sent).map(([param, value]) => [
    "sent",
    `${param}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
}

function listText(words: readonly string[]): string {
  return words.length === 0 ? "none" : words.join(", ");
}

function factsText(facts: readonly Fact[]): string {
  const width = facts.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
