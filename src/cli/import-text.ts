import type { BadRecord } from "../imports/port.ts";
import type { ImportAbout } from "../imports/store.ts";
import { alignPoints, table } from "./table.ts";

/** What is said of imported sets. */

/** A set for people: what it holds, and what of the files it doesn't. */
export function importText(about: ImportAbout, how: "imported" | "known" | "shown"): string {
  const { name, from, files, records, rows, requests, images, dollars } = about;
  const days =
    about.first_day === about.last_day
      ? about.first_day
      : `${about.first_day} to ${about.last_day}`;
  const title = {
    imported: `imported ${name}`,
    known: `these files are imported already: ${name}, at ${about.imported_at}`,
    shown: name,
  };
  return [
    `${title[how]} (${from}: ${files.join(", ")})`,
    `  ${rows} rows of ${records} records: ${requests} requests, ${images} images, ${dollars} USD, ${days} (UTC)`,
    ...sharesText("inferred", about.inferred, about),
    ...sharesText("assumed", about.assumed, about),
    ...Object.entries(about.left_out).map(
      ([reason, share]) =>
        `  left out: ${reason.replaceAll("_", " ")}: ${share.rows} times, ${share.images} images, ${share.dollars} USD`,
    ),
    ...(about.skipped === 0 ? [] : [`  skipped: ${about.skipped} records that can't be read`]),
    ...(about.unknown_columns.length === 0
      ? []
      : [`  columns that nobody reads: ${about.unknown_columns.join(", ")}`]),
    ...(how === "shown" ? [] : ["", `next: spotmeter what-if --imported ${name}`]),
  ].join("\n");
}

function sharesText(
  what: string,
  shares: ImportAbout["inferred"],
  { rows }: ImportAbout,
): readonly string[] {
  return Object.entries(shares).map(
    ([field, share]) =>
      `  ${what}: ${field.replaceAll("_", " ")} of ${share.rows} of ${rows} rows, ${share.images} images, ${share.dollars} USD`,
  );
}

export function importsText(sets: readonly ImportAbout[]): string {
  if (sets.length === 0) return "no usage has been imported: spotmeter import usage FILE --from …";
  const dollars = alignPoints(sets.map((each) => each.dollars));
  return table(
    [
      ...[{ name: "name" }, { name: "from" }, { name: "first day" }, { name: "last day" }],
      ...[{ name: "rows", right: true }, { name: "images", right: true }, { name: "dollars" }],
    ],
    sets.map((each, index) => [
      ...[each.name, each.from, each.first_day ?? "-", each.last_day ?? "-"],
      ...[String(each.rows), String(each.images), dollars[index] ?? ""],
    ]),
  );
}

/** Every record that couldn't be read, a line each: place, column, what stood there and what is allowed. */
export function badText(bad: readonly BadRecord[], count: number): string {
  const lines = bad.map(({ file, line, column, why }) => {
    const at = column === undefined ? "" : ` ${column}`;
    return `${file}:${line}${at}: ${why}`;
  });
  const more = count - bad.length;
  return [...lines, ...(more === 0 ? [] : [`and ${more} more`])].join("\n");
}
