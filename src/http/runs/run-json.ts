import { z } from "zod";
import type { World } from "../../ledger/open.ts";
import type { RowSums, Run, RunRow } from "../../ledger/runs-port.ts";
import { formatUsd, type PicoUsd, sumUsd } from "../../money/pico-usd.ts";
import { settingsOf } from "../../runs/engine/settings.ts";

/** A run and its rows as answered. */

/** What pricing found, as the ledger keeps it with the run. */
const pricing = z.object({ blocked: z.array(z.looseObject({})) }).nullable();

/** @param sums its rows by state and code; of a list, where nobody looks at every row, none. */
export function runJson(run: Run, sums: readonly RowSums[] | undefined, world: World) {
  const { sample_at: _, file, ...settings } = settingsOf(run);
  const removed = sums?.find(({ state, code }) => state === "skipped" && code === "removed");
  const rows = Object.values(run.counts).reduce((sum, each) => sum + each, 0);
  const live = sums?.filter((each) => each !== removed);
  return {
    object: "run",
    id: run.id,
    name: run.name,
    file,
    state: run.state,
    stopped: run.stopped,
    rows: rows - (removed?.rows ?? 0),
    ...(live === undefined ? {} : pricedJson(live, removed?.rows ?? 0)),
    counts: run.counts,
    images: run.images,
    settled: formatUsd(run.settled),
    held: formatUsd(run.held),
    exposure: formatUsd(run.exposed),
    max_cost: run.maxCost === null ? null : formatUsd(run.maxCost),
    ...(sums === undefined ? {} : { blocked: pricing.parse(run.pricing)?.blocked ?? [] }),
    currency: "USD",
    emulated: world === "sandbox",
    created: Math.floor(run.createdMs / 1_000),
    changed: Math.floor(run.changedMs / 1_000),
    seq: run.seq,
    settings,
  };
}

function pricedJson(live: readonly RowSums[], removed: number) {
  const waiting = live.filter(({ state }) => state === "waiting" || state === "running");
  return {
    removed,
    expected: formatUsd(sumOf(live, "expected")),
    ceiling: formatUsd(sumOf(live, "ceiling")),
    remaining: {
      rows: waiting.reduce((sum, { rows }) => sum + rows, 0),
      images: waiting.reduce((sum, { images }) => sum + images, 0),
      expected: formatUsd(sumOf(waiting, "expected")),
      ceiling: formatUsd(sumOf(waiting, "ceiling")),
    },
  };
}

function sumOf(sums: readonly RowSums[], of: "expected" | "ceiling"): PicoUsd {
  return sumUsd(sums.map((each) => each[of]));
}

/** What a row's detail may say, by the names of the ledger's own text. */
const detail = z.looseObject({
  message: z.string().optional(),
  param: z.string().optional(),
  categories: z.array(z.string()).optional(),
  model: z.string().optional(),
  quality: z.string().nullish(),
  images: z.array(z.looseObject({ index: z.number() })).optional(),
  shared_with: z.string().optional(),
  suggested_model: z.string().optional(),
});

export function rowJson(row: RunRow) {
  const read = detail.safeParse(row.detail);
  const said = read.success ? read.data : {};
  return {
    seq: row.seq,
    id: row.row,
    line: row.line,
    state: row.state,
    model: said.model ?? null,
    quality: said.quality ?? null,
    receipt_id: row.receiptId,
    charge: formatUsd(row.charge),
    exposure: formatUsd(row.exposure),
    code: row.code,
    message: said.message ?? null,
    param: said.param ?? null,
    categories: said.categories ?? [],
    suggested_model: said.suggested_model ?? null,
    shared_with: said.shared_with ?? null,
    attempts: row.attempts,
    images: said.images ?? [],
  };
}
