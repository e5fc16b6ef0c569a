/** The name that looks most like a mistyped one; undefined when nothing comes close. */
export function nearestOf(asked: string, names: readonly string[]): string | undefined {
  // A third of the letters may differ: beyond that a suggestion is noise.
  let best = { name: undefined as string | undefined, distance: asked.length / 3 + 1 };
  for (const name of names) {
    const distance = editDistance(asked.toLowerCase(), name.toLowerCase());
    if (distance < best.distance) best = { name, distance };
  }
  return best.name;
}

/** Levenshtein distance: letters to insert, remove or replace. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const letter of left) {
    const current = [(previous[0] ?? 0) + 1];
    for (let column = 0; column < right.length; column += 1) {
      const [kept = 0, removed = 0] = previous.slice(column, column + 2);
      const replaced = letter === right[column] ? kept : kept + 1;
      const nearest = [replaced, removed + 1, (current[column] ?? 0) + 1];
      current.push(nearest.toSorted((less, more) => less - more)[0] ?? 0);
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
