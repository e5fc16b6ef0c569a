import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Confirmations } from "../../src/audit/reconcile/confirmations.ts";
import { loadCatalog, loadClaims, loadRatings } from "../../src/catalog/load.ts";
import type { AcceptedOrder } from "../../src/gates/accept.ts";
import { UNLISTED } from "../../src/gateway/connected-vendor.ts";
import { Connections } from "../../src/gateway/connections.ts";
import type { Deps, EndHold } from "../../src/gateway/deps.ts";
import type { MadeOutcome } from "../../src/gateway/judge.ts";
import { PictureUrls } from "../../src/gateway/picture-urls.ts";
import { RunningCalls } from "../../src/gateway/running-calls.ts";
import type { ApiDeps } from "../../src/http/api-deps.ts";
import { createGatewayServer } from "../../src/http/server.ts";
import { openLedger } from "../../src/ledger/open.ts";
import {
  type Ending,
  type HoldRequest,
  type HoldResult,
  type Ledger,
  LedgerUnavailable,
} from "../../src/ledger/port.ts";
import { openResultFolder } from "../../src/results/folder.ts";
import { folderRunFiles } from "../../src/results/run-files.ts";
import { PAUSES } from "../../src/runs/engine/back-off.ts";
import { Runs } from "../../src/runs/engine/runs.ts";
import { demoKey } from "../../src/start/demo-account.ts";
import { listen } from "../../src/start/listen.ts";
import { packageFolder } from "../../src/start/package.ts";
import { openReconciliations } from "../../src/start/reconciliations.ts";
import type { ImageSink, ImageVendor, Outcome } from "../../src/vendors/port.ts";
import { registrations } from "../../src/vendors/registry.ts";
import { type RawAnswer, send } from "./raw-client.ts";
import { png } from "./replay-vendor.ts";
import { MUG } from "./sandbox.ts";

const folder = join(packageFolder, "catalog", "models");
const catalog = loadCatalog({ folder, overrides: undefined });
const ratings = loadRatings(join(packageFolder, "catalog", "ratings.json"), catalog);
const claims = loadClaims(join(packageFolder, "catalog", "claims.json"), catalog);

/** One flat image at 0.03 USD. */
const ORDER = { model: "seedream-4-0", prompt: MUG, size: "1024x1024" };

/** A call that reached the vendor, which does nothing by itself. */
export type StagedCall = {
  readonly accepted: AcceptedOrder;
  readonly sink: ImageSink;
  /** One image is made, a small one. */
  readonly make: () => void;
  readonly answer: (outcome: Outcome) => void;
};

/**
 * A gateway whose every step waits for the test: the vendor answers when told to, and how an ending is
 * committed is the test's to say. Ledger, results and HTTP are the real ones.
 */
export type StagedGateway = {
  readonly url: string;
  readonly apiKey: string;
  readonly ledger: Ledger;
  /** What the log said, and what became of each hold and each offer. */
  readonly logged: readonly string[];
  /** Endings go here in place of the ledger, until it is undefined again. */
  stageEnd: ((ending: Ending) => ReturnType<EndHold>) | undefined;
  /** How many more reads of a call find the ledger away. */
  awayReads: number;
  /** Offers for adoption fail while true. */
  refuseOffers: boolean;
  readonly order: (headers?: Readonly<Record<string, string>>) => Promise<RawAnswer>;
  /** An order whose answer nobody waits for yet. */
  readonly open: (headers?: Readonly<Record<string, string>>) => ClientRequest;
  /** The next call that reaches the vendor. */
  readonly called: () => Promise<StagedCall>;
  readonly calls: () => number;
  /** Sockets that its clients have open. */
  readonly connections: () => Promise<number>;
  readonly settled: () => Promise<string>;
  readonly receipt: (id: string) => Promise<Record<string, unknown>>;
  readonly close: () => Promise<void>;
};

export async function startStaged(
  options: { readonly waitForSameMs?: number; readonly resultBytesMax?: number } = {},
): Promise<StagedGateway> {
  const home = mkdtempSync(join(tmpdir(), "spotmeter-staged-"));
  const ledger = await openLedger({ home, world: "sandbox" });
  const apiKey = await demoKey(undefined, ledger);
  const logged: string[] = [];
  const vendor = stagedVendor();
  const log = { info: note, warn: note, error: note };
  const path: Deps = {
    world: "sandbox",
    catalog,
    ratings,
    confirmations: new Confirmations(),
    asOf: () => "2026-11-22",
    today: () => "2026-11-22",
    pictureUrls: new PictureUrls({
      base: "http://pictures.test",
      secret: "a secret of this test alone",
      lifetimeSeconds: 3_600,
    }),
    outputs: undefined,
    autoAs: {},
    legacy: new Map(),
    presets: new Map(),
    process: "proc_staged",
    connections: new Connections([{ vendor: vendor.vendor, connection, ...UNLISTED }]),
    ledger: { ...ledger, hold, call, noteAdoptable },
    end: (ending) => (gateway.stageEnd ?? ledger.end)(ending),
    results: openResultFolder({
      folder: join(home, "results"),
      bytesMax: options.resultBytesMax ?? 1024 ** 3,
      problem: () => logged.push("not kept"),
    }),
    running: new RunningCalls(),
    waitForSameMs: options.waitForSameMs ?? 30_000,
    vendorTimeoutMs: 60_000,
    log,
  };
  const files = folderRunFiles(join(home, "results"));
  const deps: ApiDeps = {
    ...path,
    runs: new Runs({ deps: path, files, pauses: PAUSES }),
    billFormats: () => [],
    reconciliations: openReconciliations({
      home,
      world: "sandbox",
      confirmations: new Confirmations(),
    }),
    claims,
    admin: { masterKeySha256: "0".repeat(64), adminTokenSha256: "0".repeat(64) },
    version: "0.0.0",
  };
  const { server, serve, drain } = createGatewayServer();
  const url = await listen(server, "127.0.0.1", 0);
  serve(deps);
  const headersOf = (headers: Readonly<Record<string, string>>) => ({
    authorization: `Bearer ${apiKey}`,
    "content-type": "application/json",
    ...headers,
  });
  const get = async (path: string) =>
    JSON.parse((await send(url, { method: "GET", path, headers: headersOf({}) })).text);
  const gateway: StagedGateway = {
    url,
    apiKey,
    ledger,
    logged,
    stageEnd: undefined,
    awayReads: 0,
    refuseOffers: false,
    order: (headers = {}) =>
      send(url, { headers: headersOf(headers), body: JSON.stringify(ORDER) }),
    open: (headers = {}) => {
      const request = httpRequest(`${url}/v1/images/generations`, {
        method: "POST",
        agent: false,
        headers: headersOf(headers),
      });
      request.on("error", () => undefined);
      request.on("response", (response: IncomingMessage) => response.on("error", () => undefined));
      request.end(JSON.stringify(ORDER));
      return request;
    },
    called: vendor.called,
    calls: vendor.calls,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((cause, count) => (cause === null ? resolve(count) : reject(cause))),
      ),
    settled: async () => (await get("/v1/credits")).settled,
    receipt: (id) => get(`/v1/receipts/${id}`),
    close: async () => {
      await drain();
      server.closeAllConnections();
      server.close();
      await ledger.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return gateway;

  function note(_facts: unknown, text: string): void {
    logged.push(text);
  }

  async function hold(request: HoldRequest): Promise<HoldResult> {
    const result = await ledger.hold(request);
    logged.push(result.kind);
    return result;
  }

  async function call(holdId: string): ReturnType<Ledger["call"]> {
    if (gateway.awayReads === 0) return ledger.call(holdId);
    gateway.awayReads -= 1;
    throw new LedgerUnavailable("away");
  }

  async function noteAdoptable(call: Parameters<Ledger["noteAdoptable"]>[0]): Promise<void> {
    if (gateway.refuseOffers) throw new Error("the ledger is away");
    await ledger.noteAdoptable(call);
    logged.push("offered");
  }
}

const connection = {
  id: "staged",
  vendor: "byteplus",
  baseUrl: "http://127.0.0.1:9",
  key: "staged-key",
  loopback: true,
};

/** The real vendor's law and price, and calls that wait for the test. */
function stagedVendor() {
  const real = registrations.find(({ vendor }) => vendor.id === "byteplus")?.vendor;
  if (real === undefined) throw new Error("no such vendor");
  const arrived: StagedCall[] = [];
  const waiting: ((call: StagedCall) => void)[] = [];
  let count = 0;
  const vendor: ImageVendor = {
    id: real.id,
    sendsDrafts: false,
    estimate: real.estimate,
    sent: real.sent,
    dispatch: ({ accepted }, sink) =>
      new Promise((answer) => {
        count += 1;
        const call: StagedCall = {
          accepted,
          sink,
          answer,
          make: () => {
            pour(sink);
            answer(made);
          },
        };
        const next = waiting.shift();
        if (next === undefined) arrived.push(call);
        else next(call);
      }),
  };
  return {
    vendor,
    calls: () => count,
    called: (): Promise<StagedCall> => {
      const call = arrived.shift();
      if (call !== undefined) return Promise.resolve(call);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

/** Puts one picture into a sink, which takes it at once. */
function pour(sink: ImageSink): void {
  sink.begin({ model: null });
  void sink.piece(Buffer.from(png([1024, 1024]).toString("base64"), "latin1"));
  sink.end();
}

/** What the vendor says of one picture. */
export const made: MadeOutcome = {
  kind: "made",
  images: 1,
  usage: { kind: "reported", items: [{ meter: "output_images", quantity: 1n }] },
  servedModel: null,
  answer: { created: 1_767_000_000, top: {}, perImage: [{}] },
  flags: [],
  status: 200,
  vendorRequestId: "staged-1",
  usageText: '{"generated_images":1}',
};
