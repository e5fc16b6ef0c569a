import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { z } from "zod";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { HttpContent } from "../http-client.ts";
import { readAnswer } from "../wire.ts";
import type { RowChunk, RowSpool } from "./spool.ts";
import { loadedAnswer, type Run, runAnswer } from "./wire.ts";

/** What a run is to be, as the API takes it. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** What became of the rows against those that the run held before. */
export type RowChanges = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
};

export type Loaded = { readonly run: Run; readonly changes: RowChanges };

/** Brings rows and their pictures into the gateway's run, new or held before, and has it priced. Spends nothing. */
export async function loadRun(
  gateway: Gateway,
  of: {
    readonly id: string;
    readonly name: string;
    readonly file: string;
    readonly settings: RunSettings;
    readonly rows: RowSpool;
    /** Files by the SHA-256 of what is in them. */
    readonly references: ReadonlyMap<string, string>;
    readonly progress: (rows: number) => void;
  },
): Promise<Loaded> {
  const { id, name, file, settings, references } = of;
  await gateway.call({ method: "POST", path: "/v1/runs", body: { id, name, file, settings } });
  const path = runPath(id);
  const changes = { added: 0, changed: 0, unchanged: 0 };
  const sent = new Set<string>();
  let rows = 0;
  for await (const chunk of of.rows.chunks()) {
    const content = contentOf(chunk);
    const answer = await gateway
      .call({ method: "POST", path: `${path}/rows`, content })
      .catch((cause: unknown) => {
        throw cause instanceof Refused ? badRows(cause) : cause;
      });
    const loaded = readAnswer(loadedAnswer, answer.body);
    changes.added += loaded.added;
    changes.changed += loaded.changed;
    changes.unchanged += loaded.unchanged;
    for (const named of loaded.missing_files) {
      const sha256 = named.replace(/^sha256:/, "");
      if (sent.has(sha256)) continue;
      sent.add(sha256);
      await sendFile(gateway, `${path}/files/${sha256}`, references.get(sha256));
    }
    rows += chunk.rows;
    of.progress(rows);
  }
  const priced = await gateway.call({ method: "POST", path: `${path}/price`, body: {} });
  const run = readAnswer(runAnswer, priced.body);
  return { run, changes: { ...changes, removed: run.removed } };
}

export function runPath(id: string): string {
  return `/v1/runs/${encodeURIComponent(id)}`;
}

function contentOf({ bytes }: RowChunk): HttpContent {
  return {
    type: "application/x-ndjson",
    length: bytes.length,
    read: async function* () {
      yield bytes;
    },
  };
}

const problems = z.array(z.looseObject({ id: z.string().nullable(), message: z.string() }));
/** Problems that are printed; `--json` has all that the gateway listed. */
const PRINTED_MAX = 50;

/** A gateway may take less than this version reads: what it says of rows is told by their ids. */
function badRows(refusal: Refused): Refused {
  const read = problems.safeParse(refusal.said["problems"]);
  if (!read.success) return refusal;
  const lines = read.data
    .slice(0, PRINTED_MAX)
    .map(({ id, message }) => `${id ?? "?"}: ${message}`);
  const message = [refusal.message, ...lines].join("\n");
  return new Refused({ ...refusal.said, message }, { cause: refusal });
}

async function sendFile(gateway: Gateway, path: string, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error(`the gateway asks for a file of no row: ${path}`);
  const { size } = await stat(file);
  const content = {
    type: "application/octet-stream",
    length: size,
    read: () => createReadStream(file),
  };
  await gateway.call({ method: "PUT", path, content });
}
