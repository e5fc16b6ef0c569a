import { type Meter, meters } from "../catalog/schema.ts";
import { ZERO_USD } from "../money/pico-usd.ts";
import { wholeUnits, writtenDecimal } from "./amount.ts";
import { BillComposer, kindOf } from "./compose.ts";
import type { DaySpan } from "./day.ts";
import type { BillContext, ReadBill } from "./format.ts";
import { modelIn, modelNamed, tokenMeterIn } from "./labels.ts";
import { readTable, type TableRow } from "./table.ts";

/** Any table, by a map that its owner gives: which column is what. */

/** What a column may be. `day` and `amount` must be there; a map may also say a value for all rows. */
export const mapFields = [
  "day",
  "until",
  "amount",
  "list",
  "model",
  "meter",
  "quantity",
  "request_id",
  "kind",
  "currency",
  "project",
  "tax",
  "credit",
] as const;
export type MapField = (typeof mapFields)[number];

/** A column by its heading, or one value for every row. */
export type MappedTo = { readonly column: string } | { readonly value: string };
export type ColumnMap = { readonly [field in MapField]?: MappedTo };

/** Reads a table by a map. Never throws for the file's sake. */
export function readGeneric(text: string, map: ColumnMap, context: BillContext): ReadBill {
  const { file, zone } = context;
  const given = mapFields.flatMap((field) => {
    const to = map[field];
    return to !== undefined && "column" in to ? [[field, [to.column]] as const] : [];
  });
  const headings = Object.fromEntries(given);
  const table = readTable<string>(text, headings, Object.keys(headings));
  const compose = new BillComposer(file);
  for (const row of table.rows) readRow(row, { map, context, zone, compose });
  const unread =
    table.unread.length === 0
      ? []
      : [`columns that the map leaves out: ${table.unread.join(", ")}`];
  return {
    lines: compose.lines(),
    counts: [],
    notes: [...unread, ...compose.notes],
    problems: [...table.problems, ...compose.problems],
  };
}

type Reading = {
  readonly map: ColumnMap;
  readonly context: BillContext;
  readonly zone: string;
  readonly compose: BillComposer;
};

function readRow(row: TableRow<string>, { map, context, zone, compose }: Reading): void {
  const { place } = row;
  const said = (field: MapField): string => {
    const to = map[field];
    if (to === undefined) return "";
    return "value" in to ? to.value : row.cell(field);
  };
  const span = spanOf(row, said, { zone, compose });
  const amountOf = (field: MapField) => compose.amount(place, row.heading(field), said(field));
  const net = amountOf("amount");
  if (net === undefined && said("amount") === "") compose.problem(place, "amount: empty");
  if (!compose.dollars(place, said("currency")) || span === undefined || net === undefined) return;
  const [model, meter] = [said("model"), said("meter")];
  const found = modelNamed(model, context.models) ?? modelIn(model, context.models);
  const quantity = quantityOf(said("quantity"), place, compose);
  const requestId = said("request_id");
  const project = said("project");
  compose.add(
    {
      ...span,
      place,
      model: found,
      label: [model, meter].filter((word) => word !== "").join(", ") || "unnamed",
      meter: meterNamed(meter),
      quantity,
      requestId: requestId === "" ? null : requestId,
      projects: project === "" ? [] : [project],
    },
    {
      kind: kindOf(said("kind")),
      net,
      list: amountOf("list"),
      tax: amountOf("tax") ?? ZERO_USD,
      coupon: amountOf("credit") ?? ZERO_USD,
    },
  );
}

function spanOf(
  row: TableRow<string>,
  said: (field: MapField) => string,
  { zone, compose }: Pick<Reading, "zone" | "compose">,
): DaySpan | undefined {
  const first = compose.span(row.place, row.heading("day"), said("day"), zone);
  if (first === undefined || said("until") === "") return first;
  const last = compose.span(row.place, row.heading("until"), said("until"), zone);
  if (last === undefined) return undefined;
  if (last.to >= first.from) return { from: first.from, to: last.to };
  compose.problem(row.place, `${row.heading("until")}: ${last.to} is before ${first.from}`);
  return undefined;
}

function quantityOf(text: string, place: string, compose: BillComposer): bigint | null {
  if (text === "") return null;
  const written = writtenDecimal(text);
  if (written !== undefined) return wholeUnits(written) ?? null;
  compose.problem(place, `quantity: not a number: ${JSON.stringify(text)}`);
  return null;
}

/** A meter by our own name, else by the words that vendors use. */
function meterNamed(text: string): Meter | null {
  const plain = text.trim().toLowerCase();
  const ours = meters.find((meter) => meter === plain.replace(/[\s-]+/g, "_"));
  if (ours !== undefined) return ours;
  if (/^(output )?(images?|pictures?)$/.test(plain)) return "output_images";
  return tokenMeterIn(text, "image_output_tokens");
}

/**
 * Reads `day=Date,amount=Cost,model==gpt-image-2`: a field, then the heading of its column, or after two
 * equals signs one value for all rows. Headings with a comma are written in quotes.
 *
 * @throws RangeError naming what is wrong with it.
 */
export function readColumnMap(text: string): ColumnMap {
  const map: { [field in MapField]?: MappedTo } = {};
  for (const pair of text.match(/(?:"[^"]*"|[^,"])+/g) ?? []) {
    const match = /^\s*([a-z_]+)\s*(==?)\s*(.+?)\s*$/.exec(pair);
    const field = mapFields.find((each) => each === match?.[1]);
    if (match === null || field === undefined) {
      throw new RangeError(
        `${JSON.stringify(pair.trim())}: must be FIELD=HEADING or FIELD==VALUE; fields are ${mapFields.join(", ")}`,
      );
    }
    if (map[field] !== undefined) throw new RangeError(`${field} stands there twice`);
    const to = (match[3] ?? "").replace(/^"(.*)"$/, "$1");
    map[field] = match[2] === "==" ? { value: to } : { column: to };
  }
  const lacks = (["day", "amount"] as const).filter((field) => map[field] === undefined);
  if (lacks.length > 0) throw new RangeError(`${lacks.join(" and ")} must be among the fields`);
  return map;
}
