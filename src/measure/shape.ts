import { isObject } from "../json.ts";
import { groupBy } from "./group.ts";
import type { Result } from "./result.ts";

/** A vendor's usage that has other fields from one call to the next. */
export type ShapeChange = {
  readonly model: string;
  readonly before: string;
  readonly after: string;
  /** When the first call with the new form was recorded. */
  readonly at: string;
};

/** The paths of all fields of a usage report, sorted; lists count as one element. */
export function shapeOf(reported: unknown): string {
  const paths = (value: unknown, at: string): string[] => {
    if (Array.isArray(value)) return value.flatMap((item) => paths(item, `${at}[]`));
    if (!isObject(value)) return [at];
    return Object.entries(value).flatMap(([name, inner]) =>
      paths(inner, at === "" ? name : `${at}.${name}`),
    );
  };
  const all = [...new Set(paths(reported, ""))].filter((path) => path !== "");
  return all.length === 0 ? "no usage" : all.toSorted().join(", ");
}

/** Calls alike (model, and whether references went along) whose usage changed its form during the run. */
export function shapeChanges(results: readonly Result[]): ShapeChange[] {
  const made = results.filter(({ status }) => status === "ok");
  const alike = groupBy(
    made,
    ({ cell }) => `${cell.model} ${cell.references > 0 ? "edit" : "generation"}`,
  );
  return [...alike.values()].flatMap((calls) =>
    calls.slice(1).flatMap((call, index) => {
      const before = shapeOf(calls[index]?.measured.reported);
      const after = shapeOf(call.measured.reported);
      return before === after ? [] : [{ model: call.cell.model, before, after, at: call.at }];
    }),
  );
}
