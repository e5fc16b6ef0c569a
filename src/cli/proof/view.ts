import type { Command } from "commander";
import { port } from "../flags.ts";
import { onStopSignal } from "../stop-signal.ts";
import type { Terminal } from "../terminal.ts";
import { readProofFolder } from "./folder.ts";
import { serveProof } from "./serve-proof.ts";

/** `proof view FOLDER`: the page on this machine; each vote is on the disk when the next pair is shown. */
export function addView(proof: Command, terminal: Terminal): void {
  proof
    .command("view")
    .description("show a proof on this machine and keep each vote in its folder")
    .argument("<folder>", "a proof's folder")
    .option("--port <port>", "0 takes any free one", port, 0)
    .action(async (folder: string, flags: { readonly port: number }) => {
      const stopped = new Promise<void>((resolve) => {
        onStopSignal(resolve);
      });
      const stored = await readProofFolder(folder);
      const served = await serveProof(stored, flags.port);
      const { id, emulated } = stored.job;
      terminal.result({ id, url: served.url, pid: process.pid, emulated }, () =>
        [
          `proof ${id} at ${served.url}`,
          emulated
            ? "SANDBOX: an emulator drew these pictures; no vote is taken. Ctrl-C stops."
            : `Votes go to ${folder}/votes.jsonl. Ctrl-C stops.`,
        ].join("\n"),
      );
      await stopped;
      await served.close();
    });
}
