type Column = { readonly name: string; readonly right?: boolean };

/** Rows under names, each column as wide as its widest cell. No line ends in spaces. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map((column) => column.name), ...rows];
  const widths = columns.map((_, index) =>
    cells.reduce((widest, row) => Math.max(widest, (row[index] ?? "").length), 0),
  );
  return cells
    .map((row) =>
      columns
        .map(({ right }, index) => {
          const cell = row[index] ?? "";
          const width = widths[index] ?? 0;
          return right === true ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Pads decimal strings so that their points stand under each other. Changes no digit. */
export function alignPoints(amounts: readonly string[]): string[] {
  const parts = amounts.map((amount): readonly [string, string] => {
    const at = amount.indexOf(".");
    return at === -1 ? [amount, ""] : [amount.slice(0, at), amount.slice(at)];
  });
  const whole = parts.reduce((widest, [left]) => Math.max(widest, left.length), 0);
  const fraction = parts.reduce((widest, [, right]) => Math.max(widest, right.length), 0);
  return parts.map(([left, right]) => left.padStart(whole) + right.padEnd(fraction));
}
