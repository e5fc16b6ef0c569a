import { runCli } from "./run.ts";

// Exits by itself rather than when nothing is left to do: a connection kept alive must not keep a terminal.
process.exit(await runCli(process.argv.slice(2)));
