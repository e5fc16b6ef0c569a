import { runCli } from "./run-cli.ts";

const exitCode = await runCli(process.argv.slice(2));
await Promise.all([process.stdout, process.stderr].map(writtenOut));
// Exits by itself rather than when nothing is left to do: a connection kept alive must not keep a terminal.
process.exit(exitCode);

/** A pipe takes 64 KiB at once; the rest is lost with the process unless it is waited for. */
function writtenOut(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Called in the order of writing, with an error too where the reader has gone.
    stream.write("", () => resolve());
  });
}
