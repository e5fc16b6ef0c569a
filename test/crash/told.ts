import { z } from "zod";
import { type PicoUsd, parseUsd } from "../../src/money/pico-usd.ts";

const workSchema = z.strictObject({
  home: z.string(),
  databaseUrl: z.string().exactOptional(),
  accountId: z.string(),
  keyId: z.string(),
  name: z.string(),
  lanes: z.number(),
});

/** What a child process is to do, and as whom. The name makes its ids its own. */
export type Work = z.infer<typeof workSchema>;

export function readWork(text = ""): Work {
  return workSchema.parse(JSON.parse(text));
}

/** The limit of a child's key at each turn: never one that its holds could reach, never the same twice. */
export function expectedLimit(turn: number): PicoUsd {
  return parseUsd(`${900_000 + turn}`);
}

/** What a child was told is durable. */
export type Told = {
  readonly held: Set<string>;
  readonly ended: Map<string, { kind: string; sequence: number; hash: string }>;
  readonly spooled: Map<string, string>;
  readonly funded: Set<string>;
  /** Entries by the corrections of them. */
  readonly corrected: Map<string, string>;
  /** The last turn whose limit was set; -1 for none. */
  limited: number;
  /** How many acknowledgements these are. */
  lines: number;
};

export function nothingTold(): Told {
  return {
    ...{ held: new Set(), ended: new Map(), spooled: new Map() },
    ...{ funded: new Set(), corrected: new Map(), limited: -1, lines: 0 },
  };
}

/** Reads a whole line of a child. */
export function note(told: Told, line: string): void {
  const [what, id = "", kind = "", sequence = "", hash = ""] = line.split(" ");
  told.lines += 1;
  switch (what) {
    case "held":
      told.held.add(id);
      break;
    case "spooled":
      told.spooled.set(id, kind);
      break;
    case "ended":
      told.ended.set(id, { kind, sequence: Number(sequence), hash });
      break;
    case "funded":
      told.funded.add(id);
      break;
    case "corrected":
      told.corrected.set(id, kind);
      break;
    case "limited":
      told.limited = Number(id);
      break;
    default:
      throw new Error(`unexpected line: ${line}`);
  }
}
