import { type Cell, type Row, textIn } from "./rows.ts";

/** Reading through all calls a slice at a time, in the order of their key. */

/** Calls looked at in one read: others that read wait for a few milliseconds. */
const SLICE = 500;

/** What a slice and its cursor are made of; `placeAfter` gives the first three parameters. */
export const CALLS_AFTER = "FROM calls WHERE (root, id) > (?1, ?2) ORDER BY root, id LIMIT ?3";

export function placeAfter(after: string | undefined, most = SLICE): readonly Cell[] {
  const [root = "", id = ""] = (after ?? "").split(" ");
  return [root, id, most];
}

/** The cursor behind the calls that were looked at, at most so many; null when they were the last. */
export function nextAfter(looked: readonly Row[], most = SLICE): string | null {
  const last = looked.at(-1);
  const more = looked.length === most && last !== undefined;
  return more ? `${textIn(last, "root")} ${textIn(last, "id")}` : null;
}
