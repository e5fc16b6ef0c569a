import { styleText } from "node:util";
import { errorText } from "./error-text.ts";
import { EXIT, type Failure } from "./failures.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** Where commands write: results on standard output, everything else on standard error. */
export type Terminal = {
  readonly json: boolean;
  /** The command's one result: the object with `--json`, else the text. */
  readonly result: (object: object, text: () => string) => void;
  /** A line for whoever watches; never part of the result. */
  readonly note: (line: string) => void;
  /** Text on standard output as it is, for help and for a server's own lines. With `--json`: standard error. */
  readonly line: (line: string) => void;
  /** Tells a failure and returns its exit code. */
  readonly fail: (failure: Failure) => number;
  /** What the program ends with though nothing was thrown: a result that is bad news. */
  readonly endWith: (exitCode: number) => void;
  readonly exitCode: () => number;
  /** Colours for standard output; plain when that is no terminal, or NO_COLOR is set. */
  readonly style: (style: Style, text: string) => string;
};

/** The process's own terminal. A reader that has gone away (`| head`) ends the program quietly. */
export function createTerminal({ json }: { readonly json: boolean }): Terminal {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
  let exitCode: number = EXIT.done;
  return {
    json,
    endWith: (code) => {
      exitCode = code;
    },
    exitCode: () => exitCode,
    result: (object, text) => {
      stdout.write(json ? `${JSON.stringify(object)}\n` : `${text()}\n`);
    },
    note: (line) => {
      stderr.write(`${line}\n`);
    },
    line: (line) => {
      (json ? stderr : stdout).write(`${line}\n`);
    },
    fail: (failure) => {
      if (json) stdout.write(`${JSON.stringify({ error: failure.said })}\n`);
      else {
        stderr.write(`${styleText("red", "error:", { stream: stderr })} ${errorText(failure)}\n`);
      }
      return failure.exitCode;
    },
    style: (style, text) => styleText(style, text, { stream: stdout }),
  };
}
