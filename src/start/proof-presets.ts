import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readSourceText } from "../catalog/source-text.ts";
import type { ChoiceAsked, ProvenAsked } from "../gates/order.ts";
import { templateIn, templateSha256 } from "../runs/prompt-template.ts";
import { type PresetFile, presetFileSchema, presetName } from "../runs/proof/preset-file.ts";
import { intervalText } from "../runs/proof/share-text.ts";
import { StartError } from "./errors.ts";
import { readText } from "./home.ts";

/** Presets that proofs stand behind: `<home>/presets/NAME.json`, written by `spotmeter proof preset`. */

export function presetsFolder(home: string): string {
  return join(home, "presets");
}

export function presetFile(home: string, name: string): string {
  return join(presetsFolder(home), `${name}.json`);
}

/** All of them by name. @throws StartError naming file, line and field of the first that is wrong. */
export function readPresetFiles(home: string): ReadonlyMap<string, PresetFile> {
  const presets = new Map<string, PresetFile>();
  for (const file of filesIn(presetsFolder(home))) {
    const name = file.slice(0, -".json".length);
    presets.set(name, readPresetFile(join(presetsFolder(home), file), name));
  }
  return presets;
}

/** Another file's name is nothing of ours: an editor's copy, a file half written. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".json") && presetName.safeParse(file.slice(0, -5)).success)
      .toSorted();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(`the presets in ${folder} can't be read: ${why}`, { cause });
  }
}

function readPresetFile(file: string, name: string): PresetFile {
  const source = readSourceText(readFileSync(file, "utf8"));
  const read = presetFileSchema.safeParse(source.value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = (issue?.path ?? []).map(String);
    const line = source.lineOf(path);
    throw new StartError(
      `bad preset\n${file}:${line} ${path.join(".")}: ${issue?.message ?? z.prettifyError(read.error)}`,
    );
  }
  if (read.data.name === name) return read.data;
  throw new StartError(`bad preset\n${file}: is of the name ${read.data.name}; rename neither`);
}

/**
 * The owner's presets of `spotmeter.yaml` with those of the proofs.
 *
 * @throws StartError for a name that both have.
 */
export function withProofPresets(
  routes: ReadonlyMap<string, ChoiceAsked>,
  files: ReadonlyMap<string, PresetFile>,
): ReadonlyMap<string, ChoiceAsked> {
  const presets = new Map(routes);
  for (const [name, file] of files) {
    if (presets.has(name)) {
      const why = "is a route of spotmeter.yaml and a preset of a proof: remove one of them";
      throw new StartError(`auto/${name} ${why} (spotmeter proof list names the file)`);
    }
    presets.set(name, choiceOf(file));
  }
  return presets;
}

/** What a preset asks of a choice. A weak price was looked at when the proof was made: it doesn't stand in the way. */
function choiceOf({ name, chosen, proof }: PresetFile): ChoiceAsked {
  const candidates = proof.candidates.filter(({ candidate }) => chosen.includes(candidate));
  const changed = templateChanged(proof.template);
  const proven: ProvenAsked = {
    preset: name,
    proof: proof.id,
    day: proof.day,
    candidates: candidates.map((each) => ({
      model: each.model,
      quality: each.quality,
      priceVersion: each.price_version,
      modelSha256: each.model_sha256,
      kept: `kept ${each.kept} of ${each.judged}, 95 % interval ${intervalText(each)}`,
    })),
    template: proof.template?.sha256 ?? null,
    changed: changed === undefined ? [] : [changed],
  };
  return { proven, allowWeakPrices: true };
}

/**
 * Why a preset's template is another one now; undefined where it is the same, or can't be looked at: a file that isn't
 * here says nothing.
 */
export function templateChanged(template: PresetFile["proof"]["template"]): string | undefined {
  if (template === null || template.file === null) return undefined;
  const text = readText(template.file);
  if (text === undefined || templateSha256(templateIn(text)) === template.sha256) return undefined;
  return `the template ${template.file} is another one now`;
}
