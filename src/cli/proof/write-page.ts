import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type BlindProof, blindProof } from "../../runs/proof/blind.ts";
import { blindName } from "../../runs/proof/draw.ts";
import type { JobPicture } from "../../runs/proof/job.ts";
import { keyScript } from "../../runs/proof/key.ts";
import { proofPage } from "../../runs/proof/page.ts";
import { samePicture } from "./body.ts";
import {
  BLIND,
  KEY,
  PAGE,
  PICTURES,
  type StoredProof,
  writeFigures,
  writeProofFile,
} from "./folder.ts";
import { measureProof } from "./measure.ts";

/** Writes what is shown, the key that isn't, and the figures. @throws Refused `disk_full` */
export async function writeProof(proof: StoredProof): Promise<BlindProof> {
  const { path, job, made } = proof;
  const blind = blindProof(job, made, await keepReferences(proof));
  await writeProofFile(path, BLIND, `${JSON.stringify(blind, null, 2)}\n`);
  await writeProofFile(path, PAGE, proofPage(blind));
  await writeProofFile(path, KEY, keyScript(job, made));
  await writeFigures(path, await measureProof(proof));
  return blind;
}

/** Rows' own pictures beside the page, for whoever has to judge an edit: once each, under names of no meaning. */
async function keepReferences({
  path,
  job,
}: StoredProof): Promise<ReadonlyMap<string, readonly string[]>> {
  const kept = new Map<string, readonly string[]>();
  for (const { id, references } of job.rows) {
    if (references.length === 0) continue;
    const files = references.map((each) => `${PICTURES}/${nameOf(each, job.secret)}`);
    for (const [place, reference] of references.entries()) {
      const file = files[place] ?? "";
      if (!(await isThere(join(path, file)))) {
        await writeProofFile(path, file, await samePicture(reference));
      }
    }
    kept.set(id, files);
  }
  return kept;
}

function nameOf({ sha256 }: JobPicture, secret: string): string {
  return createHash("sha256")
    .update(blindName(secret, "reference", sha256))
    .digest("hex")
    .slice(0, 32);
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
