import { resolve } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { loadConfig } from "../start/load-config.ts";
import { Misuse } from "./failures.ts";
import type { Terminal } from "./terminal.ts";

/** What every command works with: the settings with the global flags laid over them. */
export type Session = {
  readonly config: Config;
  /** `--key` as given: an API key, or for the administration the master key. */
  readonly key: string | undefined;
  readonly terminal: Terminal;
};

type GlobalFlags = {
  readonly url?: string;
  readonly key?: string;
  readonly home?: string;
};

/** Reads the environment and the global flags of a command. @throws ConfigError @throws Misuse */
export function openSession(command: Command, terminal: Terminal): Session {
  const flags = command.optsWithGlobals<GlobalFlags>();
  const config = loadConfig();
  if (flags.url !== undefined && !URL.canParse(flags.url)) {
    throw new Misuse(`--url ${flags.url}: must be an address such as http://127.0.0.1:4000`);
  }
  return {
    config: {
      ...config,
      home: flags.home === undefined ? config.home : resolve(flags.home),
      url: flags.url ?? config.url,
    },
    key: flags.key,
    terminal,
  };
}
