import { statSync } from "node:fs";
import type { ChoiceAsked } from "../gates/order.ts";
import type { Log } from "../gateway/deps.ts";
import type { PresetFile } from "../runs/proof/preset-file.ts";
import { StartError } from "./errors.ts";
import { presetFile, presetsFolder, readPresetFiles, withProofPresets } from "./proof-presets.ts";

/** A preset that was just written is taken by a running gateway within so long. */
const LOOK_AGAIN_MS = 2_000;

/**
 * The presets that orders may name: those of `spotmeter.yaml` and those of proofs, which are looked at again while the
 * gateway runs, templates included. A file that is wrong stops a start; later it is told and what was read before
 * stays.
 *
 * @throws StartError naming file, line and field.
 */
export function keepPresets(
  routes: ReadonlyMap<string, ChoiceAsked>,
  { home, log }: { readonly home: string; readonly log: Pick<Log, "warn" | "info"> },
  stack: AsyncDisposableStack,
): ReadonlyMap<string, ChoiceAsked> {
  let files = readPresetFiles(home);
  let seen = signature(home, files);
  const presets = new Map(withProofPresets(routes, files));
  const look = (): void => {
    const now = signature(home, files);
    if (now === seen) return;
    try {
      files = readPresetFiles(home);
      const fresh = withProofPresets(routes, files);
      presets.clear();
      for (const [name, asked] of fresh) presets.set(name, asked);
      log.info({ presets: [...files.keys()] }, "presets of proofs were read again");
    } catch (cause) {
      if (!(cause instanceof StartError)) throw cause;
      log.warn({ why: cause.message }, "presets could not be read again; the former ones stay");
    }
    seen = signature(home, files);
  };
  const timer = setInterval(look, LOOK_AGAIN_MS).unref();
  stack.defer(() => clearInterval(timer));
  return presets;
}

/** Changes whenever a preset comes, goes or changes, or the template of one does. */
function signature(home: string, files: ReadonlyMap<string, PresetFile>): string {
  const read = [...files].flatMap(([name, { proof }]) => [
    presetFile(home, name),
    ...(proof.template?.file == null ? [] : [proof.template.file]),
  ]);
  return [presetsFolder(home), ...read].map(facts).join("\n");
}

function facts(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? `${path} -` : `${path} ${found.mtimeMs} ${found.size}`;
}
