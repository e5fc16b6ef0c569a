import { createHash } from "node:crypto";
import { type Answered, type Door, MUG } from "./sandbox.ts";

/** One flat image at 0.03 USD: its charge is its ceiling. */
export const FLAT = { model: "seedream-4-0", prompt: MUG, size: "1024x1024" };
/** Ceiling 0.006305, charge 0.005985. */
export const BY_TOKENS = { model: "gpt-image-2", prompt: MUG, quality: "low", size: "1024x1024" };

export type Row = {
  readonly id: string;
  readonly order: Readonly<Record<string, unknown>>;
  readonly images?: readonly string[];
  readonly emulate?: string;
};

/** So many rows r1, r2 … that ask for different pictures at one price. */
export function rows(count: number, order: Row["order"] = FLAT, more: Partial<Row> = {}): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const seen = { ...order, tags: { view: String(index) } };
    return { ...more, id: `r${index + 1}`, order: seen };
  });
}

/** A client of runs: asks as the command line does. */
export function runClient(door: Pick<Door, "url" | "apiKey">) {
  const ask = async (
    method: string,
    path: string,
    body?: string | Buffer<ArrayBuffer>,
    type?: string,
  ) => {
    const response = await fetch(`${door.url}/v1/runs${path}`, {
      method,
      headers: {
        authorization: `Bearer ${door.apiKey}`,
        ...(type === undefined ? {} : { "content-type": type }),
      },
      ...(body === undefined ? {} : { body }),
    });
    return response;
  };
  const json = async (method: string, path: string, body?: unknown): Promise<Answered> => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await ask(method, path, text, "application/json");
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const post = (path: string, body?: unknown) => json("POST", path, body);
  const get = (path: string) => json("GET", path);
  return {
    post,
    get,
    /** Rows as lines. */
    load: async (id: string, all: readonly Row[]): Promise<Answered> => {
      const lines = all.map((row) => JSON.stringify(row)).join("\n");
      const response = await ask("POST", `/${id}/rows`, lines, "application/x-ndjson");
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    put: async (id: string, bytes: Buffer<ArrayBuffer>, sha256 = hashOf(bytes)): Promise<number> =>
      (await ask("PUT", `/${id}/files/${sha256}`, bytes)).status,
    /** A picture's bytes. */
    picture: async (id: string, row: string, index = 0): Promise<Buffer> =>
      Buffer.from(await (await ask("GET", `/${id}/rows/${row}/images/${index}`)).arrayBuffer()),
    /** Rows that have ended, by their ids, once the run stands. */
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
    follow: async (id: string): Promise<{ readonly run: any; readonly rows: Map<string, any> }> => {
      const found = new Map();
      for (let after = 0; ; ) {
        const { body } = await get(`/${id}/rows?after=${after}&wait=30&limit=1000`);
        for (const row of body.data) found.set(row.id, row);
        const run = (await get(`/${id}`)).body;
        const stands = run.state !== "running" && run.counts.running === 0;
        if (stands && body.next >= run.seq) return { run, rows: found };
        after = body.next;
      }
    },
  };
}

export function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
