import { CommanderError } from "commander";
import { ConfigError } from "../config.ts";
import { StartError } from "../start/errors.ts";

/** What a shell is told: done, refused (the gateway said no or can't be reached), misused (fix the command line). */
export const EXIT = { done: 0, refused: 1, misused: 2 } as const;

/** The command line or the settings can't be understood; nothing was asked of any gateway. */
export class Misuse extends Error {
  override readonly name = "Misuse";
}

/** What is said of a refusal: the gateway's own error object, or one of ours in the same shape. */
export type ErrorSaid = {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly [more: string]: unknown;
};

/** The gateway said no, or there was none to ask. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly said: ErrorSaid;
  /** How long to wait before the same is asked again; undefined where asking again is no use. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    said: ErrorSaid,
    options?: ErrorOptions & { readonly retryAfterSeconds?: number | undefined },
  ) {
    super(said.message, options);
    this.said = said;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** A refusal of our own, in the gateway's shape. */
export function refused(code: string, message: string, options?: ErrorOptions): Refused {
  return new Refused({ message, type: "api_error", param: null, code }, options);
}

/** A failure as it is told: exit code and error object. A bug keeps its stack, for whoever reports it. */
export type Failure = {
  readonly exitCode: number;
  readonly said: ErrorSaid;
  readonly stack?: string;
};

/** Sorts whatever was thrown. */
export function failureOf(cause: unknown): Failure {
  if (cause instanceof Refused) return { exitCode: EXIT.refused, said: cause.said };
  if (cause instanceof StartError) {
    return { exitCode: EXIT.refused, said: refused("start_failed", cause.message).said };
  }
  if (cause instanceof ConfigError) return misused("bad_configuration", cause.message);
  if (cause instanceof Misuse || cause instanceof CommanderError) {
    return misused("misused", cause.message.replace(/^error: /, ""));
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    exitCode: EXIT.refused,
    said: { message: `a bug in spotmeter: ${message}`, type: "bug", param: null, code: "bug" },
    ...(cause instanceof Error && cause.stack !== undefined ? { stack: cause.stack } : {}),
  };
}

function misused(code: string, message: string): Failure {
  return {
    exitCode: EXIT.misused,
    said: { message, type: "invalid_request_error", param: null, code },
  };
}
