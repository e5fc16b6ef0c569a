import type { Command } from "commander";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Model, modelAnswer, modelsAnswer, readAnswer } from "./wire.ts";

/** `models [ID]`: what can be ordered here and what it costs; with an id, all that is known of one. */
export function addModels(program: Command, terminal: Terminal): void {
  program
    .command("models")
    .description("what can be ordered here, and what it costs")
    .argument("[id]", "show one model in full")
    .option("--all", "also those that can't be ordered here, and why")
    .action(async (id: string | undefined, flags: { readonly all?: true }, command: Command) => {
      const session = openSession(command, terminal);
      const path = id === undefined ? "/v1/models" : `/v1/models/${encodeURIComponent(id)}`;
      const { body } = await withGateway(session, (gateway) =>
        gateway.call({ method: "GET", path }),
      );
      if (id === undefined) {
        const list = readAnswer(modelsAnswer, body);
        terminal.result(list, () => listText(list.data, flags.all ?? false));
      } else {
        const model = readAnswer(modelAnswer, body);
        terminal.result(model, () => modelText(model));
      }
    });
}

function listText(models: readonly Model[], all: boolean): string {
  const named = models.filter(({ capabilities }) => capabilities !== null);
  const chosen = models.filter(({ capabilities }) => capabilities === null);
  const shown = all ? named : named.filter((model) => model.available);
  const rows = shown.map((model) => [
    model.id,
    model.owned_by,
    String(model.capabilities?.images_per_call_max ?? "-"),
    model.capabilities?.quality?.tiers.join(" ") ?? "-",
    priceText(model),
    model.price?.mark ?? "-",
    ...(all ? [model.unavailable_because ?? "yes"] : []),
  ]);
  const columns = [
    { name: "model" },
    { name: "vendor" },
    { name: "images/call", right: true },
    { name: "quality" },
    { name: "price (USD)" },
    { name: "mark" },
    ...(all ? [{ name: "available" }] : []),
  ];
  const hidden = named.length - shown.length;
  const more =
    hidden === 0 ? [] : ["", `${hidden} more can't be ordered here: --all says which and why`];
  const auto = chosen.map(({ id }) => id).join(", ");
  const left = chosen.length === 0 ? [] : ["", `left to be chosen, the cheapest that can: ${auto}`];
  return [table(columns, rows), ...more, ...left].join("\n");
}

/** The standard price of what comes out; where there are several, the first and that there are more. */
function priceText({ price }: Model): string {
  const output =
    price?.terms.filter(
      ({ meter, when }) => /^(image_)?output_/.test(meter) && when?.service_tier === undefined,
    ) ?? [];
  const [first] = output;
  if (first === undefined) return "-";
  return termText(first) + (output.length === 1 ? "" : ` (+${output.length - 1} more)`);
}

function termText(term: { readonly meter: string; readonly usd: string; readonly per: number }) {
  const per = term.per === 1 ? "" : term.per === 1_000_000 ? "1M " : `${term.per} `;
  return `${term.usd} / ${per}${term.meter}`;
}

function modelText(model: Model): string {
  const { price } = model;
  return [
    `${model.id}: ${model.name}, from ${model.owned_by}`,
    `available  ${model.unavailable_because ?? "yes"}`,
    `aliases    ${model.aliases.join(", ")}`,
    ...model.warnings.map((warning) => `warning    ${warning}`),
    ...(price === null
      ? []
      : [
          `price      ${price.price_version}, ${price.source}, checked ${price.checked_on}, ${price.mark}`,
          ...price.terms.map(
            (term) => `           ${termText(term)}${whenText(term)}${markText(term)}`,
          ),
        ]),
    "",
    JSON.stringify(model.capabilities, null, 2),
  ].join("\n");
}

/** Where one price is known otherwise than the version: less surely, or from a bill. */
function markText(term: Readonly<Record<string, unknown>>): string {
  return typeof term["mark"] === "string" ? `, ${term["mark"]}` : "";
}

function whenText(term: Readonly<Record<string, unknown>>): string {
  const { when } = term;
  return when === undefined ? "" : `  when ${JSON.stringify(when)}`;
}
