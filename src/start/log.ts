import { pino } from "pino";
import type { Config } from "../config.ts";
import type { Log } from "../gateway/deps.ts";

/**
 * JSON lines on standard error. Prompts, images and keys are never handed to it; should a header object
 * get in all the same, its secrets are cut out.
 */
export function createLog(level: Config["logLevel"]): Log {
  return pino(
    {
      level,
      redact: ["*.authorization", "*.key", "*.apiKey", "*.masterKey", "*.prompt"],
      serializers: { cause: causeText },
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** An error's own words and stack, and those of what caused it. */
function causeText(cause: unknown): unknown {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause === undefined ? undefined : causeText(cause.cause);
  return { name: cause.name, message: cause.message, stack: cause.stack, cause: inner };
}
