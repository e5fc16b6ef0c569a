import type { Report } from "./report-form.ts";

/**
 * All tables of a report as rows of one: table, row, column, value, and whether emulators answered, so that no
 * figure leaves the sandbox without saying so.
 */
export function csvRowsOf(report: Report, emulated: boolean): string[][] {
  const rows = report.sections.flatMap(({ id: section, blocks }) =>
    blocks.flatMap((block) =>
      block.kind !== "table"
        ? []
        : block.rows.flatMap((row, index) =>
            block.columns.map(({ name }, column) => [
              section,
              block.id,
              String(index + 1),
              name,
              shownValue(row[column] ?? ""),
              emulated ? "emulated" : "live",
            ]),
          ),
    ),
  );
  return [["section", "table", "row", "column", "value", "world"], ...rows];
}

/** A dash is for eyes: in a spreadsheet nothing stands where nothing was measured. */
function shownValue(cell: string): string {
  return cell === "-" ? "" : cell;
}
