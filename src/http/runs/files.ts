import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { checkKey } from "../../gateway/api-keys.ts";
import { BODY_MS_MAX } from "../../intake/limits.ts";
import { PictureRoom } from "../../intake/picture.ts";
import type { RunRef } from "../../ledger/runs-port.ts";
import { Refusal } from "../../refusals.ts";
import { noRun } from "../../runs/engine/run-refusals.ts";
import { presentedKey } from "../credentials.ts";
import { type HotCall, headersOf } from "../image-call.ts";
import { sendStored } from "../send-stored.ts";
import { RUN_ID } from "./bodies.ts";
import { rowJson } from "./run-json.ts";

/** The routes of runs that carry pictures: on node's own streams. */

const FILE_PATH = /^\/v1\/runs\/([^/]{1,128})\/files\/([^/]{1,128})$/;
const PICTURE_PATH = /^\/v1\/runs\/([^/]{1,128})\/rows\/([^/]{1,800})\/images\/([^/]{1,16})$/;

export function isRunFile(path: string): boolean {
  return FILE_PATH.test(path);
}

export function isRunPicture(path: string): boolean {
  return PICTURE_PATH.test(path);
}

/**
 * `PUT /v1/runs/{id}/files/{sha256}`: a picture that rows work on, measured before it is taken: 201, or 200 where it
 * lies there already.
 *
 * @throws Refusal for bytes that are no picture, are too many or have another hash.
 */
export async function putRunFile(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const [, id = "", sha256 = ""] = FILE_PATH.exec(pathOf(request)) ?? [];
  const run = await ownRun(request, id, call);
  const param = "sha256";
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    const why = "sha256: must be the SHA-256 of the file, 64 lower-case hex digits";
    throw new Refusal("invalid_value", why, { param, sent: sha256.slice(0, 80) });
  }
  if (run.state === "ended" || run.state === "cancelled") {
    const why = `run ${id} is ${run.state}: open it again with POST /v1/runs to bring files`;
    throw new Refusal("conflict", why, { param: "id", sent: run.state });
  }
  call.invite();
  using room = new PictureRoom();
  const incoming = room.begin("file");
  await Promise.race([pour(request, incoming.write), tooLate(request)]);
  const { bytes, sha256: is, read } = await incoming.reference();
  if (is !== sha256) {
    const why = `sha256: what was sent has another one: ${is}`;
    throw new Refusal("invalid_value", why, { param, sent: sha256 });
  }
  const { files } = call.runs;
  const isThere = await files.has(run, sha256);
  if (!isThere) await files.put(run, sha256, { length: bytes, sha256, read });
  response.writeHead(isThere ? 200 : 201, {
    ...call.headers,
    "content-type": "application/json",
  });
  response.end(JSON.stringify({ object: "run.file", sha256, bytes }));
}

async function pour(
  request: IncomingMessage,
  write: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  try {
    for await (const piece of request as AsyncIterable<Buffer>) await write(piece);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal("invalid_form", "the file ended before it was whole", { cause });
  }
}

async function tooLate(request: IncomingMessage): Promise<never> {
  const ended = new AbortController();
  request.once("close", () => ended.abort());
  await sleep(BODY_MS_MAX, undefined, { signal: ended.signal }).catch(
    () => new Promise<never>(() => undefined),
  );
  throw new Refusal("invalid_form", `the file did not arrive within ${BODY_MS_MAX} ms`);
}

/**
 * `GET /v1/runs/{id}/rows/{row}/images/{index}`: a picture of a row that is done, as long as it is kept.
 *
 * @throws Refusal for what isn't done, or is kept no longer.
 */
export async function getRunPicture(
  request: IncomingMessage,
  response: ServerResponse,
  call: HotCall,
): Promise<void> {
  const [, id = "", name = "", index = ""] = PICTURE_PATH.exec(pathOf(request)) ?? [];
  const run = await ownRun(request, id, call);
  const rowId = decoded(name);
  const [row] = await call.deps.ledger.rows({ run, after: { row: rowId }, limit: 1 });
  const { receiptId = null } = row ?? {};
  if (row?.state !== "done" || receiptId === null) {
    const why = `row ${rowId} has no picture: ${row === undefined ? "there is no such row" : `it is ${row.state}`}`;
    throw new Refusal("not_found", why, { param: "row", sent: rowId });
  }
  const stored = /^\d{1,4}$/.test(index)
    ? await call.deps.results.read(receiptId, `picture-${Number(index)}`)
    : undefined;
  if (stored === undefined) {
    const made = rowJson(row).images.length;
    const why =
      Number(index) < made
        ? "this picture is not kept, or no longer; its receipt is"
        : `row ${rowId} has ${made} pictures, counted from 0`;
    throw new Refusal("not_found", why, { param: "index", sent: index, receiptId });
  }
  await sendStored(response, stored, { ...call.headers, "x-content-type-options": "nosniff" });
}

async function ownRun(request: IncomingMessage, id: string, { deps }: HotCall) {
  const key = await checkKey(presentedKey(headersOf(request)), deps.world, deps.ledger);
  const ref: RunRef = { accountId: key.accountId, id };
  const run = RUN_ID.test(id) ? await deps.ledger.run(ref) : undefined;
  if (run === undefined) throw noRun(id);
  return run;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    throw new Refusal("not_found", "row: not a row's id", { param: "row", cause });
  }
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?")[0] ?? "";
}
