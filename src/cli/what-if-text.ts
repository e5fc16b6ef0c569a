import { z } from "zod";
import { alignPoints, table } from "./table.ts";

/** A what-if for people: what it comes to, then the levers, then what it isn't about. */

const changed = {
  what_if: z.string().nullable(),
  difference: z.string().nullable(),
  percent: z.string().nullable(),
  kept_ratio_break_even: z.string().nullable(),
};
const counts = z.record(z.string(), z.number());

export const whatIfAnswer = z.looseObject({
  from: z.string(),
  to: z.string(),
  choice: z.looseObject({}).nullable(),
  imported: z.string().nullable(),
  requests: z.number(),
  images: z.number(),
  actual: z.string(),
  ...changed,
  found: z.looseObject({ actual: counts, what_if: counts }),
  blocked: z.array(z.looseObject({ code: z.string(), count: z.number(), actual: z.string() })),
  left_out: counts,
  levers: z.array(
    z.looseObject({
      key_name: z.string().nullable(),
      model: z.string(),
      quality: z.string().nullable(),
      change: z.string(),
      because: z.string().nullable(),
      requests: z.number(),
      images: z.number(),
      actual: z.string(),
      ...changed,
      text: z.string(),
    }),
  ),
  levers_left_out: z.number(),
  notes: z.array(z.string()),
  emulated: z.boolean(),
});
export type WhatIfTold = z.infer<typeof whatIfAnswer>;

/** Levers that are said as sentences; the table has them all. */
const SAID_MAX = 5;

export function whatIfText(told: WhatIfTold, bold: (text: string) => string): string {
  const none = told.requests === 0 && told.blocked.length === 0;
  if (none) return [`${titleOf(told)}: no settled requests`, ...blocked(told)].join("\n");
  return [
    titleOf(told),
    "",
    ...totals(told, bold),
    ...levers(told, bold),
    ...blocked(told),
    ...told.notes.map((note) => `note: ${note}`),
  ].join("\n");
}

function titleOf({ from, to, imported, emulated, choice }: WhatIfTold): string {
  const where = imported === null ? "" : ` of ${plain(imported)}`;
  const what = choice === null ? "levers" : `if ${choiceText(choice)}`;
  return `what-if${where} from ${from} to ${to} (UTC), in USD: ${what}${emulated ? ", SANDBOX: no real money" : ""}`;
}

function choiceText(choice: object): string {
  const flat = Object.entries(choice).flatMap(([name, value]): string[] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, each]) => `${inner}=${String(each)}`)
      : [`${name}=${String(value)}`],
  );
  return plain(flat.join(", "));
}

function totals(told: WhatIfTold, bold: (text: string) => string): readonly string[] {
  const { requests, images, actual, what_if: whatIf, difference, percent } = told;
  const paid = `${requests} requests, ${images} images`;
  if (whatIf === null || difference === null) return [`paid ${actual} for ${paid}`, ""];
  const [was, would, less] = alignPoints([actual, whatIf, difference]);
  const kept = told.kept_ratio_break_even;
  return [
    `paid        ${was?.trimEnd()}  for ${paid} that could have run that way${foundText(told.found.actual)}`,
    `what if     ${would?.trimEnd()}${foundText(told.found.what_if)}`,
    bold(`difference  ${less?.trimEnd()}${percent === null ? "" : ` (${percent} %)`}`),
    ...(kept === null
      ? []
      : [`            if every picture were kept; gone at a kept ratio of ${kept}`]),
    "",
  ];
}

function foundText(found: Readonly<Record<string, number>>): string {
  const parts = Object.entries(found).map(([by, count]) => `${count} ${by}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function levers(told: WhatIfTold, bold: (text: string) => string): readonly string[] {
  const { levers: found, levers_left_out: leftOut } = told;
  if (found.length === 0)
    return told.choice === null ? ["no lever would have saved anything", ""] : [];
  const column = (of: (lever: WhatIfTold["levers"][number]) => string | null): string[] =>
    alignPoints(found.map((lever) => of(lever) ?? "-"));
  const amounts = [
    column((lever) => lever.actual),
    column((lever) => lever.what_if),
    column((lever) => lever.difference),
    column((lever) => lever.percent),
    column((lever) => lever.kept_ratio_break_even),
  ];
  const rows = found.map((lever, index) => [
    ...[
      plain(lever.change),
      [lever.model, lever.quality ?? ""].join(" ").trim(),
      plain(lever.key_name ?? "-"),
    ],
    ...[lever.requests, lever.images].map(String),
    ...amounts.map((amount) => amount[index] ?? ""),
  ]);
  const said = found.filter(({ difference }) => difference?.startsWith("-")).slice(0, SAID_MAX);
  const alone = told.choice === null ? ", each alone" : "";
  return [
    ...(said.length === 0 ? [] : [bold(`biggest levers first${alone}:`)]),
    ...said.flatMap(({ text, because }) => [
      `  ${plain(text)}`,
      ...(because === null ? [] : [`    ${because}`]),
    ]),
    "",
    table(
      [
        ...[{ name: "change" }, { name: "of" }, { name: "key" }],
        ...[
          { name: "requests", right: true },
          { name: "images", right: true },
        ],
        ...[{ name: "paid" }, { name: "what if" }, { name: "difference" }, { name: "%" }],
        { name: "kept ratio" },
      ],
      rows,
    ),
    ...(leftOut === 0 ? [] : [`and ${leftOut} more, not listed here but counted above`]),
    "",
  ];
}

function blocked({ blocked: refused, left_out: leftOut }: WhatIfTold): readonly string[] {
  const parts = Object.entries(leftOut).filter(([, count]) => count > 0);
  const others = parts.map(([why, count]) => `${count} ${why.replaceAll("_", " ")}`);
  return [
    ...refused.map(
      ({ code, count, actual }) =>
        `could not have run that way: ${count} requests, paid ${actual} (${code})`,
    ),
    ...(others.length === 0 ? [] : [`not part of it: ${others.join(", ")}`]),
  ];
}

/** Names are written by others: what would steer a terminal is spelled out. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`);
}
