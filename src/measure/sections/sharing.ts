import { isObject } from "../../json.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { ratioText } from "../figures.ts";
import { groupBy } from "../group.ts";
import { type CellMeasured, cellsWhere, type Measured, modelsOf } from "../measured.ts";
import { type Section, text } from "../report-form.ts";
import type { Result } from "../result.ts";
import { imagePrice, inputText, outputText, whyText } from "./cell-words.ts";

/** Whether several images of one call share the prompt. */
export function sharingSection(measured: Measured): Section {
  const models = modelsOf(measured, "count");
  return {
    id: "count",
    title: "Sharing a prompt across images",
    blocks: [
      text(
        "A short and a long prompt, one image and several in one call. A prompt that is shared would be billed once: its factor would be 1.",
      ),
      {
        kind: "table",
        id: "sharing",
        caption: "Input and price by number of images",
        columns: [
          { name: "model" },
          { name: "prompt" },
          { name: "n", right: true },
          { name: "input", right: true },
          { name: "× input of n=1", right: true },
          { name: "output", right: true },
          { name: "USD an image", right: true },
          { name: "note" },
        ],
        rows: models.flatMap((model) => {
          const cells = cellsWhere(measured, { sweep: "count", model });
          return [...groupBy(cells, ({ cell }) => cell.prompt).values()].flatMap(countRows);
        }),
      },
    ],
  };
}

function countRows(cells: readonly CellMeasured[]): string[][] {
  const one = cells.find(({ cell }) => cell.n === 1);
  return cells.map((each) => {
    const price = imagePrice(each);
    const tokens = each.sides?.inputTokens ?? 0n;
    return [
      each.cell.model,
      each.cell.prompt,
      String(each.cell.n),
      inputText(each),
      one?.sides === undefined || tokens === 0n ? "-" : ratioText(tokens, one.sides.inputTokens),
      outputText(each),
      price === undefined ? "0" : formatUsd(price),
      whyText(each),
    ];
  });
}

/** The same long prompt several times: what the usage says of a cache, and the price of each call. */
export function cacheSection(measured: Measured): Section {
  const calls = cellsWhere(measured, { sweep: "cache" }).flatMap(({ last }) => last);
  const fields = [...new Set(calls.flatMap((call) => cacheFields(call.measured.reported)))];
  const said =
    fields.length === 0
      ? "No usage of these calls has a field that speaks of a cache."
      : `Fields of the usage that speak of a cache: ${fields.join(", ")}.`;
  return {
    id: "cache",
    title: "Prompt caching",
    blocks: [
      text(`The same long prompt again and again. ${said}`),
      {
        kind: "table",
        id: "cache",
        caption: "The same long prompt, call by call",
        columns: [
          { name: "model" },
          { name: "call", right: true },
          { name: "input tokens", right: true },
          { name: "of them cached", right: true },
          { name: "USD", right: true },
          { name: "note" },
        ],
        rows: calls.map(cacheRow),
      },
    ],
  };
}

function cacheRow({ cell, repeat, status, measured, error }: Result): string[] {
  const input = Object.entries(measured.usage).filter(([meter]) => meter.endsWith("input_tokens"));
  const sum = (entries: typeof input): string =>
    entries.reduce((total, [, quantity]) => total + BigInt(quantity), 0n).toString();
  return [
    cell.model,
    String(repeat),
    sum(input),
    sum(input.filter(([meter]) => meter.startsWith("cached"))),
    measured.total,
    status === "ok" ? "" : `${status} (${error?.code ?? "no code"})`,
  ];
}

/** Names of fields, however deep, that speak of a cache. */
export function cacheFields(reported: unknown): string[] {
  if (Array.isArray(reported)) return reported.flatMap(cacheFields);
  if (!isObject(reported)) return [];
  return Object.entries(reported).flatMap(([name, value]) => [
    ...(/cache/i.test(name) ? [name] : []),
    ...cacheFields(value),
  ]);
}
