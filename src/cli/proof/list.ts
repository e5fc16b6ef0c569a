import { existsSync } from "node:fs";
import type { Command } from "commander";
import { staleSince } from "../../gateway/proven.ts";
import type { PresetFile } from "../../runs/proof/preset-file.ts";
import { intervalText, sharePercent } from "../../runs/proof/share-text.ts";
import {
  presetFile,
  readPresetFiles,
  templateChanged,
  withProofPresets,
} from "../../start/proof-presets.ts";
import { readCatalog } from "../../start/read-catalog.ts";
import { today } from "../../start/today.ts";
import { Misuse } from "../failures.ts";
import { openSession, type Session } from "../session.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { proofDigest, readProofFolder, readProofVotes } from "./folder.ts";

/** `proof list`: presets that proofs stand behind, and which of them are stale. */
export function addList(proof: Command, terminal: Terminal): void {
  proof
    .command("list")
    .description("presets that proofs stand behind, and what changed since")
    .action(async (_flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const presets = await listed(session);
      terminal.result({ object: "list", data: presets }, () => listText(presets));
    });
}

type Listed = Awaited<ReturnType<typeof listed>>[number];

async function listed({ config }: Session) {
  const catalog = readCatalog(config);
  const asOf = config.asOf ?? today();
  const files = readPresetFiles(config.home);
  const presets = withProofPresets(new Map(), files);
  return await Promise.all(
    [...files].map(async ([name, preset]) => {
      const { proven } = presets.get(name) ?? {};
      return {
        name,
        file: presetFile(config.home, name),
        chosen: preset.chosen,
        proof: preset.proof,
        stale: proven === undefined ? [] : staleSince(proven, { catalog, asOf }),
        notes: await notesOf(preset),
        as_of: asOf,
      };
    }),
  );
}

/** What is no reason to call a preset stale, but good to know. */
async function notesOf({ proof }: PresetFile): Promise<readonly string[]> {
  const { template, folder, sha256 } = proof;
  const notes: string[] = [];
  const file = template?.file ?? null;
  if (file !== null && templateChanged(template) === undefined && !existsSync(file)) {
    notes.push(`the template ${file} isn't there: nobody can tell whether it changed`);
  }
  try {
    const stored = await readProofFolder(folder);
    const votes = await readProofVotes(stored, undefined);
    const same = (await proofDigest(stored, votes)) === sha256;
    if (!same) notes.push(`${folder} holds other calls or votes now than the preset was made of`);
  } catch (cause) {
    if (!(cause instanceof Misuse)) throw cause;
    notes.push(`the proof can't be read in ${folder}`);
  }
  return notes;
}

function listText(presets: readonly Listed[]): string {
  if (presets.length === 0) {
    return "no presets of proofs here: spotmeter proof preset FOLDER NAME makes one";
  }
  const rows = presets.flatMap(({ name, chosen, proof, stale }) =>
    proof.candidates
      .filter(({ candidate }) => chosen.includes(candidate))
      .map((each) => [
        `auto/${name}`,
        each.candidate,
        `${each.kept} of ${each.judged}`,
        sharePercent(each.share),
        intervalText(each),
        each.per_kept_image ?? "-",
        each.price_version,
        proof.day,
        stale.length === 0 ? "" : "STALE",
      ]),
  );
  const said = presets.flatMap(({ name, stale, notes }) => [
    ...stale.map((why) => `auto/${name} is stale: ${why}`),
    ...notes.map((note) => `auto/${name}: ${note}`),
  ]);
  return [
    table(
      [
        { name: "preset" },
        { name: "chosen" },
        { name: "kept", right: true },
        { name: "share", right: true },
        { name: "95 % interval" },
        { name: "USD a kept one" },
        { name: "price version" },
        { name: "proven on" },
        { name: "" },
      ],
      rows,
    ),
    ...(said.length === 0 ? [] : ["", ...said]),
  ].join("\n");
}
