import type { RowProblem } from "../runs/problems.ts";
import { BadRows, UnreadableFile } from "../runs/rows-file.ts";
import { Refused, refused } from "./failures.ts";

/** Problems that are printed; `--json` lists up to a thousand. */
const PRINTED_MAX = 50;

/**
 * Work on a file of rows; what is wrong with the file is told whole.
 *
 * @param undone what did not happen then: "planned".
 * @throws Refused
 */
export async function orFailure<T>(undone: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof BadRows) throw badRows(cause, undone);
    if (cause instanceof UnreadableFile) {
      throw refused("unreadable_file", cause.message, { cause });
    }
    throw cause;
  }
}

function badRows(bad: BadRows, undone: string): Refused {
  const { file, problems, count } = bad;
  const shown = problems.slice(0, PRINTED_MAX).map((problem) => lineText(file, problem));
  const more = count - shown.length;
  const message = [
    `${bad.message}; nothing was ${undone}`,
    ...shown,
    ...(more === 0 ? [] : [`and ${more} more`]),
  ].join("\n");
  return new Refused(
    {
      message,
      type: "invalid_request_error",
      param: null,
      code: "bad_rows",
      problem_count: count,
      problems,
    },
    { cause: bad },
  );
}

function lineText(file: string, { line, column, message }: RowProblem): string {
  return `${file}:${line}${column === null ? "" : ` ${column}`}: ${message}`;
}
