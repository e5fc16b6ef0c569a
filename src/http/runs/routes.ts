import type { Context, Hono } from "hono";
import { newId } from "../../ids.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import { InvalidPage } from "../../ledger/reports-port.ts";
import type { Run, RunChange } from "../../ledger/runs-port.ts";
import { parseUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import { outPath } from "../../runs/engine/out.ts";
import { noRun, refusedRun, runBusy } from "../../runs/engine/run-refusals.ts";
import {
  changedSettings,
  endedRows,
  newSettings,
  settingsJson,
  settingsOf,
} from "../../runs/engine/settings.ts";
import { queryAdmin, readAdmin } from "../admin/read.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { leftSignal } from "../image-call.ts";
import { readBody } from "../read-body.ts";
import { newRunBody, RUN_ID, rowsQuery, runsQuery, startBody } from "./bodies.ts";
import { loadRows, priceRun } from "./loading.ts";
import { readLines, readValues } from "./read-rows.ts";
import { rowJson, runJson } from "./run-json.ts";

type RunContext = Context<ApiEnvironment>;
type KeyOf = (context: RunContext) => Promise<KeyPolicy>;

/** Of a run with rows of its own, and of a piece of rows. */
const ROWS_BYTES_MAX = 16 * 1024 * 1024;
/** A piece of rows may come over a slow line. */
const ROWS_MS_MAX = 120_000;
/** Between two looks at a run that another process carries out. */
const LOOK_MS = 1_000;

/** `/v1/runs`: thousands of rows as one job, of the account of the key that asks. */
export function runRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps, keyOf: KeyOf): void {
  app.post("/v1/runs", async (context) => {
    const key = await keyOf(context);
    const run = await makeRun(context, key, deps);
    return context.json(await whole(run, deps), 201);
  });
  app.get("/v1/runs", async (context) => {
    const { accountId } = await keyOf(context);
    const { before, limit: most } = queryAdmin(context, runsQuery);
    const page = await deps.ledger
      .listRuns({ accountId, most, ...(before === undefined ? {} : { before }) })
      .catch(wrongPage);
    const data = page.items.map((run) => runJson(run, undefined, deps.world));
    return context.json({ object: "list", data, next: page.next });
  });
  app.get("/v1/runs/:id", async (context) => {
    const run = await ownRun(context, await keyOf(context), deps);
    return context.json(await whole(run, deps));
  });
  app.get("/v1/runs/:id/rows", async (context) => {
    const run = await ownRun(context, await keyOf(context), deps);
    return context.json(await followed(context, run, deps));
  });
  app.post("/v1/runs/:id/rows", async (context) => {
    const run = await ownRun(context, await keyOf(context), deps);
    const text = await rowsIn(context);
    const read = readLines(text, { run: run.id, legacy: deps.legacy, world: deps.world });
    return context.json(await loadRows(run, read, deps));
  });
  changeRoutes(app, deps, keyOf);
}

/** What sets a run going, or ends it. */
function changeRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps, keyOf: KeyOf): void {
  app.post("/v1/runs/:id/price", async (context) => {
    const key = await keyOf(context);
    const run = await ownRun(context, key, deps);
    return context.json(await whole(await priced(context, run, key, deps), deps));
  });
  app.post("/v1/runs/:id/start", async (context) => {
    const key = await keyOf(context);
    const body = await bodyOf(context, startBody);
    const run = await priced(context, await ownRun(context, key, deps), key, deps);
    return context.json(await whole(await startRun(run, body, key, deps), deps));
  });
  app.post("/v1/runs/:id/pause", async (context) => {
    const key = await keyOf(context);
    const run = await ownRun(context, key, deps);
    return context.json(await whole(await deps.runs.pause(run, `key ${key.id}`), deps));
  });
  app.post("/v1/runs/:id/cancel", async (context) => {
    const run = await ownRun(context, await keyOf(context), deps);
    return context.json(await whole(await deps.runs.cancel(run), deps));
  });
}

/** A run that loads is priced first, whoever forgot it; any other is as it is. */
async function priced(context: RunContext, run: Run, key: KeyPolicy, deps: ApiDeps): Promise<Run> {
  if (run.state !== "loading") return run;
  return await priceRun(run, { key, left: leftSignal(context.env.outgoing) }, deps);
}

async function makeRun(context: RunContext, key: KeyPolicy, deps: ApiDeps): Promise<Run> {
  const body = await readAdmin(context, newRunBody, { bytesMax: ROWS_BYTES_MAX });
  const asked = body.settings ?? {};
  const id = body.id ?? newId("run");
  // All of it is looked at before anything is made.
  const reading = { run: id, legacy: deps.legacy, world: deps.world };
  const read = readValues(body.rows ?? [], reading);
  refuseNotKept(asked.out ?? null, key, deps);
  const made = await openRun({ ...body, id, asked }, key, deps);
  if (read.rows.length > 0) await loadRows(made, read, deps);
  if (body.start !== true) return await current(made, deps);
  const left = leftSignal(context.env.outgoing);
  const ready = await priceRun(await current(made, deps), { key, left }, deps);
  return await startRun(ready, {}, key, deps);
}

/** What nobody could have is not made: pictures that are kept nowhere. */
function refuseNotKept(out: string | null, key: KeyPolicy, deps: ApiDeps): void {
  if (out !== null) return void outPath(out, deps);
  if (key.retain !== "none") return;
  const why =
    "settings.out: this account keeps no answers (retain: none), so that a run's pictures could only be put to outputs: name them";
  throw new Refusal("unsupported_combination", why, {
    param: "settings.out",
    allowed: ["outputs"],
  });
}

type Making = {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly file?: string | null | undefined;
  readonly asked: NonNullable<ReturnType<typeof newRunBody.parse>["settings"]>;
};

/** A new run, or one that is there, opened to be revised. */
async function openRun(making: Making, key: KeyPolicy, deps: ApiDeps): Promise<Run> {
  const { ledger, runs } = deps;
  const { id, name, file, asked } = making;
  const settings = settingsJson(newSettings(asked, file ?? null));
  const own = { accountId: key.accountId, id };
  const made = await ledger.createRun({
    ...own,
    keyId: key.id,
    name: name ?? null,
    settings,
    maxCost: asked.max_cost == null ? null : parseUsd(asked.max_cost),
  });
  if (made.kind === "unknown_account") throw new Error(`key ${key.id} belongs to no account`);
  if (made.kind === "taken") {
    const why = `id=${id}: another account has a run of this id; choose another`;
    throw new Refusal("conflict", why, { param: "id", sent: id });
  }
  runs.places.begin(own);
  return made.kind === "created" ? made.run : await reviseRun(made.run, making, key, deps);
}

async function reviseRun(
  before: Run,
  { name, file, asked }: Making,
  key: KeyPolicy,
  { ledger, runs }: ApiDeps,
): Promise<Run> {
  const settings = changedSettings(settingsOf(before), asked);
  const change: RunChange = {
    keyId: key.id,
    stopped: null,
    settings: settingsJson(file == null ? settings : { ...settings, file }),
    ...(name == null ? {} : { name }),
    ...capChange(asked.max_cost),
  };
  const revise = () => ledger.reviseRun({ run: before, change });
  const first = await revise();
  const revised = first.kind === "busy" && (await runs.leaves(before)) ? await revise() : first;
  switch (revised.kind) {
    case "revised":
      return revised.run;
    case "busy":
      throw runBusy(before.id, revised.process);
    case "unsettled": {
      const why = `run ${before.id}: ${revised.rows} rows are on their way still; ask again`;
      throw new Refusal("conflict", why, { retryAfterSeconds: 5 });
    }
    default:
      throw refusedRun(before.id, revised, "revised");
  }
}

function capChange(cap: string | null | undefined): Pick<RunChange, "maxCost"> {
  if (cap === undefined) return {};
  return { maxCost: cap === null ? null : parseUsd(cap) };
}

async function startRun(
  run: Run,
  asked: ReturnType<typeof startBody.parse>,
  key: KeyPolicy,
  { runs }: ApiDeps,
): Promise<Run> {
  const settings = changedSettings(settingsOf(run), asked);
  // A sample that was cut off goes on to where it was to end.
  const goesOn = asked.sample === undefined && settings.sample_at !== null;
  const sampleAt = settings.sample === null ? null : endedRows(run) + settings.sample;
  return await runs.start(run, {
    keyId: key.id,
    stopped: null,
    settings: settingsJson({ ...settings, ...(goesOn ? {} : { sample_at: sampleAt }) }),
    ...capChange(asked.max_cost),
  });
}

/** Rows that ended behind a seq; waits for some where it may and any can still come. */
async function followed(context: RunContext, first: Run, deps: ApiDeps) {
  const { after, limit, wait } = queryAdmin(context, rowsQuery);
  const left = leftSignal(context.env.outgoing);
  const untilMs = performance.now() + wait * 1_000;
  let run: Run | undefined = first;
  for (;;) {
    const rows = await deps.ledger.rows({ run: first, after: { seq: after }, limit });
    const leftMs = untilMs - performance.now();
    const comes = run !== undefined && (run.state === "running" || run.counts.running > 0);
    if (rows.length > 0 || !comes || leftMs <= 0 || left.aborted) {
      const last = rows.at(-1)?.seq ?? after;
      return { object: "list", data: rows.map(rowJson), next: last };
    }
    await deps.runs.news(first, { ms: Math.min(LOOK_MS, leftMs), left });
    run = await deps.ledger.run(first);
  }
}

/** @throws Refusal for anything but a run of the account that asks. */
async function ownRun(context: RunContext, key: KeyPolicy, deps: ApiDeps): Promise<Run> {
  const id = context.req.param("id") ?? "";
  const ref = { accountId: key.accountId, id };
  const run = RUN_ID.test(id) ? await deps.ledger.run(ref) : undefined;
  if (run === undefined) throw noRun(id);
  return run;
}

async function current(run: Run, { ledger }: ApiDeps): Promise<Run> {
  return (await ledger.run(run)) ?? run;
}

async function whole(run: Run, deps: ApiDeps) {
  const sums = await deps.ledger.breakdown(run);
  return runJson(await current(run, deps), sums, deps.world);
}

async function rowsIn(context: RunContext): Promise<string> {
  const { incoming } = context.env;
  return await readBody(incoming, {
    type: "application/x-ndjson",
    bytesMax: ROWS_BYTES_MAX,
    msMax: ROWS_MS_MAX,
  });
}

/** Starting needs no body. */
async function bodyOf<T>(context: RunContext, schema: Parameters<typeof readAdmin<T>>[1]) {
  const isEmpty = Number(context.req.header("content-length") ?? 0) === 0;
  return isEmpty && context.req.header("transfer-encoding") === undefined
    ? schema.parse({})
    : await readAdmin(context, schema);
}

function wrongPage(cause: unknown): never {
  if (!(cause instanceof InvalidPage)) throw cause;
  const why = "before: no page of this list gave out this text";
  throw new Refusal("invalid_value", why, { param: "before", cause });
}
