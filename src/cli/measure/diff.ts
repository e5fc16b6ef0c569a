import type { Command } from "commander";
import { diffRuns, type RunDifference } from "../../measure/diff.ts";
import { measuredOf } from "../../measure/measured.ts";
import { EXIT } from "../failures.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { readRunFolder, type StoredRun } from "./folder.ts";

/** `measure diff A B`: what changed between two runs. Exit code 1 when something did. */
export function addDiff(measure: Command, terminal: Terminal): void {
  measure
    .command("diff")
    .description("what changed between two runs: rates, tokens, tiers, sizes, refusals")
    .argument("<before>", "the earlier run's folder")
    .argument("<after>", "the later run's folder")
    .action(async (before: string, after: string) => {
      const runs = [await readRunFolder(before), await readRunFolder(after)] as const;
      const found = compareRuns(...runs);
      terminal.result(differenceJson(runs, found), () => differenceText(runs, found));
      if (found.changes.length > 0) terminal.endWith(EXIT.refused);
    });
}

/** Two runs as they lie on the disk, compared. */
export function compareRuns(before: StoredRun, after: StoredRun): RunDifference {
  return diffRuns(measuredOf(before.run, before.results), measuredOf(after.run, after.results));
}

type Runs = readonly [StoredRun, StoredRun];

function differenceJson([before, after]: Runs, found: RunDifference) {
  return {
    object: "measurement_difference",
    before: before.run.run_id,
    after: after.run.run_id,
    changes: found.changes,
    same: found.same,
    only_before: found.onlyBefore,
    only_after: found.onlyAfter,
    emulated: before.run.emulated || after.run.emulated,
  };
}

function differenceText([before, after]: Runs, found: RunDifference): string {
  const { changes, same, onlyBefore, onlyAfter } = found;
  const worlds = [before.run.emulated, after.run.emulated];
  const sandbox = worlds.includes(true) ? ", SANDBOX: as modelled, no real vendor was asked" : "";
  const mixed = worlds.includes(true) && worlds.includes(false);
  return [
    `${before.run.created} against ${after.run.created}${sandbox}`,
    ...(mixed ? ["one run is emulated and one is live: differences say little"] : []),
    ...(changes.length === 0
      ? ["nothing changed"]
      : [
          "",
          table(
            ["kind", "model", "what", "before", "after"].map((name) => ({ name })),
            changes.map((change) => [
              change.kind,
              change.model,
              change.what,
              change.before,
              change.after,
            ]),
          ),
          "",
        ]),
    `${changes.length} changes; ${same} cells the same; only before: ${onlyBefore.length}, only after: ${onlyAfter.length}`,
  ].join("\n");
}
