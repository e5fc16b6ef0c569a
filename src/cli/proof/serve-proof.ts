import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { json as readJson } from "node:stream/consumers";
import { z } from "zod";
import { pairsOf } from "../../runs/proof/pairs.ts";
import { choices, standingVotes, type Vote } from "../../runs/proof/votes.ts";
import type { LineFile } from "../disk.ts";
import { Misuse, Refused, refused } from "../failures.ts";
import {
  mendVotes,
  openVotes,
  PAGE,
  PICTURES,
  readProofVotes,
  type StoredProof,
} from "./folder.ts";
import { foundResult } from "./found-result.ts";

/** A proof's page on this machine, until it is closed. */
export type ServedProof = { readonly url: string; readonly close: () => Promise<void> };

const voteBody = z.strictObject({ pair: z.string(), choice: z.enum(choices).nullable() });

/** So much JSON is a vote, and no more. */
const VOTE_BYTES_MAX = 1_024;

/** The votes of a proof: each is on the disk before it counts. */
class Votes {
  readonly #pairs: ReadonlySet<string>;
  readonly #lines: LineFile;
  #votes: readonly Vote[];

  constructor(proof: StoredProof, votes: readonly Vote[]) {
    this.#pairs = new Set(pairsOf(proof.job, proof.made).map(({ id }) => id));
    this.#lines = openVotes(proof.path);
    this.#votes = votes;
  }

  /** Those that stand, in the order in which they were given. */
  get standing(): readonly Vote[] {
    const standing = standingVotes(this.#votes);
    const last = new Map(this.#votes.map((vote, place) => [vote.pair, place]));
    return this.#votes.filter(({ pair }, place) => standing.has(pair) && last.get(pair) === place);
  }

  get isComplete(): boolean {
    const standing = standingVotes(this.#votes);
    return this.#pairs.size > 0 && [...this.#pairs].every((pair) => standing.has(pair));
  }

  /** @throws Refused for a pair that isn't there, or a disk that says no. */
  take({ pair, choice }: z.infer<typeof voteBody>): void {
    if (!this.#pairs.has(pair)) throw refused("unknown_pair", `${pair}: no pair of this proof`);
    const vote = { pair, choice, at: new Date().toISOString() };
    this.#lines.append(vote);
    this.#votes = [...this.#votes, vote];
  }

  close(): void {
    this.#lines.close();
  }
}

/**
 * Serves a proof on loopback: the page, its pictures and the votes. Nothing that says what a side is leaves before
 * every pair has a vote.
 *
 * @param port 0 takes any free one. @throws Refused when it can't be listened on.
 */
export async function serveProof(proof: StoredProof, port: number): Promise<ServedProof> {
  await mendVotes(proof.path);
  const votes = new Votes(proof, await readProofVotes(proof, undefined));
  const server = createServer((request, response) => {
    void answer({ request, response, proof, votes }).catch((cause: unknown) => {
      fail(response, cause);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(refused("start_failed", `can't listen on 127.0.0.1:${port}: ${cause.message}`)),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      votes.close();
    },
  };
}

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly proof: StoredProof;
  readonly votes: Votes;
};

async function answer({ request, response, proof, votes }: Exchange): Promise<void> {
  const { method = "GET", url = "/" } = request;
  assertFromHere(request);
  const { pathname } = new URL(url, "http://127.0.0.1");
  if (method === "GET" && pathname === "/") {
    response.writeHead(200, { ...HEADERS, "content-type": "text/html; charset=utf-8" });
    response.end(await readFile(join(proof.path, PAGE)));
    return;
  }
  if (method === "GET" && /^\/pictures\/[0-9a-f]{32}$/.test(pathname)) {
    return sendPicture(response, join(proof.path, PICTURES, pathname.slice("/pictures/".length)));
  }
  if (method === "GET" && pathname === "/votes") return send(response, 200, told(proof, votes));
  if (method === "POST" && pathname === "/votes") {
    votes.take(await readVote(request, proof));
    return send(response, 200, told(proof, votes));
  }
  if (method === "GET" && pathname === "/result") {
    if (!votes.isComplete) {
      throw refused("proof_incomplete", "names are shown when every pair has a vote");
    }
    const { json } = await foundResult(proof, votes.standing, { partial: false });
    return send(response, 200, json);
  }
  send(response, 404, { error: { code: "not_found", message: `${method} ${pathname}` } });
}

function told({ job }: StoredProof, votes: Votes): object {
  return { proof: job.id, votes: votes.standing, complete: votes.isComplete };
}

/** A page of somebody else's that a browser here has open may neither read nor vote. */
function assertFromHere({ headers }: IncomingMessage): void {
  const host = headers.host ?? "";
  const here = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(host);
  const ours = headers.origin === undefined || headers.origin === `http://${host}`;
  if (here && ours) return;
  throw refused("not_from_here", "a proof is shown to this machine's own page only");
}

async function readVote(
  request: IncomingMessage,
  { job }: StoredProof,
): Promise<z.infer<typeof voteBody>> {
  if (job.emulated) throw refused("sandbox", "no vote is taken on what an emulator drew");
  const isJson = request.headers["content-type"]?.startsWith("application/json") === true;
  if (!isJson || Number(request.headers["content-length"] ?? VOTE_BYTES_MAX + 1) > VOTE_BYTES_MAX) {
    throw refused("bad_vote", 'a vote is JSON: {"pair", "choice"}');
  }
  const read = voteBody.safeParse(await readJson(request).catch(() => undefined));
  if (read.success) return read.data;
  throw refused("bad_vote", z.prettifyError(read.error));
}

/** Kept by nobody: another proof may be served here next. */
const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** One type for all, whatever they are: browsers look at a picture's first bytes. */
function sendPicture(response: ServerResponse, file: string): void {
  const { "x-content-type-options": _, ...headers } = HEADERS;
  const stream = createReadStream(file);
  stream.once("open", () => response.writeHead(200, { ...headers, "content-type": "image/png" }));
  stream.once("error", () => {
    if (response.headersSent) response.destroy();
    else send(response, 404, { error: { code: "not_found", message: "no such picture" } });
  });
  stream.pipe(response);
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, cause: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = cause instanceof Refused || cause instanceof Misuse;
  const code = cause instanceof Refused ? cause.said.code : "bug";
  const message = cause instanceof Error ? cause.message : String(cause);
  send(response, known ? 409 : 500, { error: { code, message } });
}
