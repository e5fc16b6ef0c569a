import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type PresetFile, presetName, presetOf } from "../../runs/proof/preset-file.ts";
import type { ResultJson } from "../../runs/proof/result-json.ts";
import { readText, writeOwnerOnly } from "../../start/home.ts";
import { ownerDefaults } from "../../start/owner-defaults.ts";
import { presetFile, presetsFolder } from "../../start/proof-presets.ts";
import { readCatalog } from "../../start/read-catalog.ts";
import { today } from "../../start/today.ts";
import { Misuse, refused } from "../failures.ts";
import { openSession, type Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { keepVotes, readProofFolder, readProofVotes } from "./folder.ts";
import { foundResult } from "./found-result.ts";

type PresetFlags = {
  readonly choose?: string;
  readonly votes?: string;
  readonly replace?: true;
};

/** `proof preset FOLDER NAME`: `auto/NAME` from now on is what the proof chose, with the proof as evidence. */
export function addPreset(proof: Command, terminal: Terminal): void {
  proof
    .command("preset")
    .description("make auto/NAME of what a proof chose; the proof stays with it as evidence")
    .argument("<folder>", "a proof's folder; every pair has a vote")
    .argument("<name>", "a-z, 0-9 and -")
    .option(
      "--choose <candidate>",
      "this one, or several with commas between of which the cheapest is taken (default: what the figures speak for)",
    )
    .option("--votes <file>", "votes.json as the page saved it (default: the folder's own)")
    .option("--replace", "though a preset of this name is there")
    .action(async (folder: string, name: string, flags: PresetFlags, command: Command) => {
      if (!presetName.safeParse(name).success) {
        throw new Misuse(`${name}: a preset's name must be of a-z, 0-9 and -, at most 64`);
      }
      const session = openSession(command, terminal);
      const file = presetFile(session.config.home, name);
      assertFree(session, { name, file, replace: flags.replace === true });
      const stored = await readProofFolder(folder);
      const votes = await readProofVotes(stored, flags.votes);
      const { json } = await foundResult(stored, votes, { partial: false });
      const chosen = chosenOf(json, flags.choose);
      if (flags.votes !== undefined) await keepVotes(stored, votes);
      const created = new Date().toISOString();
      const preset = presetOf(json, { name, chosen, folder: resolve(folder), created });
      mkdirSync(presetsFolder(session.config.home), { recursive: true, mode: 0o700 });
      writeOwnerOnly(file, `${JSON.stringify(preset, null, 2)}\n`);
      terminal.result({ ...preset, file }, () => writtenText(preset, { json, file, flags }));
    });
}

/** @throws Refused for a name that is taken. */
function assertFree(
  { config }: Session,
  of: { readonly name: string; readonly file: string; readonly replace: boolean },
): void {
  const { name, file, replace } = of;
  const catalog = readCatalog(config);
  const { ratings, connections } = catalog;
  const given = { catalog, ratings, connections, asOf: config.asOf ?? today() };
  if (ownerDefaults(config.settings, given).presets.has(name)) {
    const why = "is a route of spotmeter.yaml, which is yours to change: take another name";
    throw refused("preset_taken", `auto/${name} ${why}`);
  }
  if (replace || readText(file) === undefined) return;
  throw refused("preset_taken", `auto/${name} is there already (${file}): --replace puts it aside`);
}

/** @throws Misuse for a candidate that was not in the proof; Refused where there is none to choose. */
function chosenOf(json: ResultJson, choose: string | undefined): readonly string[] {
  const judged = json.candidates.filter(({ share }) => share !== null);
  if (choose === undefined) {
    const { suggested } = json;
    if (suggested !== null) return [suggested.candidate];
    throw refused(
      "nothing_kept",
      "no picture of any candidate was kept: --choose names one all the same",
    );
  }
  const names = [...new Set(choose.split(",").map((name) => name.trim()))];
  const unknown = names.filter((name) => !judged.some(({ candidate }) => candidate === name));
  if (unknown.length === 0) return names;
  const there = judged.map(({ candidate }) => candidate).join(", ");
  throw new Misuse(`--choose ${unknown.join(",")}: the proof judged ${there}`);
}

function writtenText(
  { name, chosen, proof }: PresetFile,
  of: { readonly json: ResultJson; readonly file: string; readonly flags: PresetFlags },
): string {
  const { json, file, flags } = of;
  const shares = json.candidates
    .filter(({ candidate }) => chosen.includes(candidate))
    .map(
      (each) =>
        `  ${each.candidate}: kept ${each.kept} of ${each.judged}, ${each.share_text} (95 %: ${each.interval_text}); ${each.per_kept_image ?? "-"} USD a kept picture at ${each.price_version}`,
    );
  const why = flags.choose === undefined ? (json.suggested?.why ?? "") : "chosen by --choose";
  return [
    `auto/${name} is ${chosen.join(" or ")} (${why})`,
    ...shares,
    `evidence: proof ${proof.id} of ${proof.day}, ${proof.rows} rows, SHA-256 ${proof.sha256}`,
    `kept in ${file}; a running gateway takes it within 2 seconds`,
  ].join("\n");
}
