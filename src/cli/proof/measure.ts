import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  differenceOf,
  figuresOf,
  type Pixels,
  similarityOutside,
} from "../../runs/proof/figures.ts";
import { type FiguresFile, noFigures, type PictureFigures } from "../../runs/proof/figures-file.ts";
import type { JobRow } from "../../runs/proof/job.ts";
import { pictureOf } from "../../runs/proof/made.ts";
import { progressLine } from "../progress.ts";
import { samePicture } from "./body.ts";
import { decodePicture } from "./decode.ts";
import type { StoredProof } from "./folder.ts";

/** Pictures are measured at most so large: a border is a border at any size. */
const EDGE_MAX = 768;
/** Two pictures are held against each other as so many pixels: what is left is composition, colour and light. */
const COMPARED = { width: 64, height: 64 };

const SANDBOX = "an emulator drew the pictures: figures of them say nothing of any model";

/** Figures of every picture of a proof; of those of the sandbox there are none. */
export async function measureProof(proof: StoredProof): Promise<FiguresFile> {
  const { job } = proof;
  if (job.emulated) return noFigures(job, SANDBOX);
  const line = progressLine();
  const pictures: PictureFigures[] = [];
  try {
    for (const row of job.rows) {
      for (const { name } of job.candidates) {
        line.show(`measuring ${row.id} at ${name}`);
        const found = await figuresFor(proof, row, name);
        if (found !== undefined) pictures.push(found);
      }
    }
    const differences = job.tries === 1 ? [] : await differencesFor(proof);
    const { id } = job;
    return { object: "proof.figures", proof: id, nothing_because: null, pictures, differences };
  } finally {
    line.end();
  }
}

async function figuresFor(
  proof: StoredProof,
  row: JobRow,
  candidate: string,
): Promise<PictureFigures | undefined> {
  const picture = pictureOf(proof.made, { row: row.id, candidate, try: 1 });
  if (picture === undefined) return undefined;
  const bytes = await readFile(join(proof.path, picture.file));
  const pixels = await decodePicture(bytes, { edgeMax: EDGE_MAX });
  if (pixels === undefined) return undefined;
  const figures = figuresOf(pixels);
  return {
    ...figures,
    row: row.id,
    candidate,
    width: picture.width ?? figures.width,
    height: picture.height ?? figures.height,
    similarity: (await similarityFor(row, bytes)) ?? null,
  };
}

/** Only where a mask says what should have stayed as it was, and the shapes agree. */
async function similarityFor(
  { references, mask }: JobRow,
  bytes: Buffer,
): Promise<number | undefined> {
  const [reference] = references;
  if (reference === undefined || mask === null) return undefined;
  const original = await decodePicture(await samePicture(reference), { edgeMax: EDGE_MAX });
  const edited = await decodePicture(bytes, { edgeMax: EDGE_MAX });
  if (original === undefined || edited === undefined || !isSameShape(original, edited)) {
    return undefined;
  }
  const { width, height } = original;
  const edit = await decodePicture(bytes, { width, height });
  const masked = await decodePicture(await samePicture(mask), { width, height });
  if (edit === undefined || masked === undefined) return undefined;
  return similarityOutside(edit, original, masked);
}

/** Within a pixel of each other at one width. */
function isSameShape(one: Pixels, other: Pixels): boolean {
  return Math.abs((one.height * other.width) / one.width - other.height) <= 1;
}

async function differencesFor(proof: StoredProof): Promise<FiguresFile["differences"]> {
  const names = proof.job.candidates.map(({ name }) => name);
  const small = await smallPictures(proof);
  const apart = (left: string, right: string): number | undefined => {
    const [one, other] = [small.get(left), small.get(right)];
    return one === undefined || other === undefined ? undefined : differenceOf(one, other);
  };
  return names.flatMap((one, place) =>
    names.slice(place + 1).map((other) => ({
      candidates: [one, other] as [string, string],
      rows: proof.job.rows.flatMap(({ id: row }) => {
        const between = apart(key(row, one, 1), key(row, other, 1));
        const first = apart(key(row, one, 1), key(row, one, 2));
        const second = apart(key(row, other, 1), key(row, other, 2));
        if (between === undefined || first === undefined || second === undefined) return [];
        return [{ row, between, within: [first, second] as [number, number] }];
      }),
    })),
  );
}

async function smallPictures(proof: StoredProof): Promise<ReadonlyMap<string, Pixels>> {
  const small = new Map<string, Pixels>();
  for (const { row, candidate, try: turn, picture } of proof.made) {
    if (picture === null) continue;
    const pixels = await decodePicture(await readFile(join(proof.path, picture.file)), COMPARED);
    if (pixels !== undefined) small.set(key(row, candidate, turn), pixels);
  }
  return small;
}

function key(row: string, candidate: string, turn: number): string {
  return JSON.stringify([row, candidate, turn]);
}
