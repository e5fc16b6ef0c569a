import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { newId } from "../../ids.ts";
import { formatUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { templateSha256 } from "../../runs/prompt-template.ts";
import { BadCandidates, type Candidate, readCandidates } from "../../runs/proof/candidates.ts";
import type { Job } from "../../runs/proof/job.ts";
import { modelDigest } from "../../runs/proof/model-digest.ts";
import { packageVersion } from "../../start/package.ts";
import { Misuse, Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { Patience } from "../measure/patience.ts";
import { planSources } from "../plan-sources.ts";
import { progressLine } from "../progress.ts";
import type { Session } from "../session.ts";
import { costsOf } from "./cost.ts";
import { type DrawnRows, drawRows } from "./draw-rows.ts";
import type { ProofFlags } from "./flags.ts";
import { type QuotedRow, type QuotedRows, quoteRows } from "./quote.ts";

/** A proof that is about to be made, with the price of every picture. */
export type Begun = { readonly job: Job; readonly rows: readonly QuotedRow[] };

/** What is asked for, read and drawn before any gateway is asked. */
export type Drawing = {
  readonly file: string;
  readonly flags: ProofFlags;
  readonly candidates: readonly Candidate[];
  readonly drawn: DrawnRows;
  readonly seed: string;
  readonly want: number;
  readonly asOf: string;
  readonly template: string | undefined;
};

const ROWS_DEFAULT = 24;
/** More pairs than anybody votes on. */
const ROWS_MAX = 500;

/**
 * Reads flags, candidates and rows.
 *
 * @throws Misuse for what can't be asked for; Refused for a file with anything wrong in it.
 */
export async function drawProof(
  file: string,
  flags: ProofFlags,
  session: Session,
): Promise<Drawing> {
  const { at, rows: asked = ROWS_DEFAULT, drawSeed } = flags;
  const seed = drawSeed ?? randomBytes(8).toString("hex");
  if (at === undefined) throw new Misuse("--at is needed: candidates with commas between");
  if (asked < 1 || asked > ROWS_MAX) {
    throw new Misuse(`--rows ${asked}: must be from 1 to ${ROWS_MAX}`);
  }
  for (const name of ["quality", "n"] as const) {
    if (flags[name] === undefined) continue;
    throw new Misuse(`--${name}: a proof makes one picture of each row, at the tiers of --at`);
  }
  const { maxCost: _, ...given } = flags;
  const sources = await planSources(session, { ...given, model: "auto" });
  const { words, template } = sources.asked;
  const candidates = candidatesIn(at, words.catalog);
  const ids = flags.ids?.split(",").map((id) => id.trim());
  const drawn = await drawRows(file, sources.asked, { seed, ids });
  const want = ids === undefined ? asked : drawn.rows.length;
  if (drawn.rows.length < want) {
    throw new Misuse(`--rows ${want}: ${file} has ${drawn.all}`);
  }
  return { file, flags, candidates, drawn, seed, want, asOf: words.asOf, template };
}

function candidatesIn(at: string, catalog: Parameters<typeof readCandidates>[1]) {
  try {
    return readCandidates(at, catalog);
  } catch (cause) {
    if (cause instanceof BadCandidates) throw new Misuse(`--at ${cause.message}`, { cause });
    throw cause;
  }
}

/**
 * Prices what was drawn. Spends nothing.
 *
 * @throws Refused `row_blocked` with every row that a candidate can't do.
 */
export async function priceProof(
  gateway: Gateway,
  drawing: Drawing,
  patience: Patience,
): Promise<Begun> {
  const { flags, candidates, drawn, want } = drawing;
  const id = newId("proof");
  const line = progressLine();
  const named = candidates.map(({ name, model, quality }) => ({ name, model: model.id, quality }));
  const skip = flags.skipBlocked === true && flags.ids === undefined;
  let quoted: QuotedRows;
  try {
    quoted = await quoteRows(gateway, drawn.rows, {
      ...{ candidates: named, proof: id, patience, want, skip },
      onQuoted: (rows) => line.show(`quoting rows: ${rows}`),
    });
  } finally {
    line.end();
  }
  assertEnough(quoted, drawing, skip);
  return { job: jobOf(id, quoted, drawing), rows: quoted.rows };
}

const TOLD_MAX = 50;

function assertEnough(
  { rows, leftOut }: QuotedRows,
  { want, drawn, file }: Drawing,
  skip: boolean,
): void {
  if (rows.length === want) return;
  const told = leftOut.slice(0, TOLD_MAX).map(blockedText);
  const more = leftOut.length - told.length;
  const message = [
    skip
      ? `only ${rows.length} of ${drawn.all} rows of ${file} can be made by every candidate, ${want} are asked for; nothing was sent`
      : `${want - rows.length} of the ${want} rows that were drawn can't be made by every candidate; nothing was sent. --skip-blocked draws others in their place`,
    ...told,
    ...(more === 0 ? [] : [`and ${more} more`]),
  ].join("\n");
  throw new Refused({
    message,
    type: "invalid_request_error",
    param: null,
    code: "row_blocked",
    blocked: leftOut,
  });
}

function blockedText({ row, candidate, code, message }: Job["left_out"][number]): string {
  return `${row} at ${candidate}: ${code}: ${message}`;
}

function jobOf(id: string, { rows, leftOut }: QuotedRows, drawing: Drawing): Job {
  const { file, flags, candidates, drawn, seed, asOf, template } = drawing;
  const first = rows[0]?.quotes.values().next().value;
  const named = candidates.map(({ name }) => name);
  const calls = rows.flatMap(({ row }) => named.map((candidate) => ({ row: row.id, candidate })));
  const costs = costsOf(named, calls, rows);
  return {
    object: "proof.job",
    format: 1,
    id,
    created: new Date().toISOString(),
    version: packageVersion(),
    emulated: first?.emulated ?? false,
    as_of: asOf,
    file,
    file_rows: drawn.all,
    seed,
    drawn: flags.ids === undefined ? "by_seed" : "by_id",
    secret: randomBytes(16).toString("hex"),
    template: templateFacts(template, flags),
    left_out: [...leftOut],
    tries: flags.tries === 2 ? 2 : 1,
    candidates: candidates.map(({ name, model, quality }, place) => ({
      name,
      model: model.id,
      quality,
      price_version: costs[place]?.priceVersion ?? "",
      model_sha256: modelDigest(model),
      expected: formatUsd(costs[place]?.expected ?? ZERO_USD),
      ceiling: formatUsd(costs[place]?.ceiling ?? ZERO_USD),
    })),
    rows: rows.map(({ row }) => row),
  };
}

function templateFacts(text: string | undefined, { template }: ProofFlags): Job["template"] {
  if (text === undefined) return null;
  return {
    sha256: templateSha256(text),
    file: template === undefined ? null : resolve(template),
  };
}
