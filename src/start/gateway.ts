import { randomBytes } from "node:crypto";
import type { Confirmations } from "../audit/reconcile/confirmations.ts";
import type { BillFormat } from "../bills/format.ts";
import type { ListedConnection } from "../catalog/connections.ts";
import type { Catalog } from "../catalog/find.ts";
import type { Ratings } from "../catalog/ratings.ts";
import type { Config } from "../config.ts";
import { sha256 } from "../gateway/api-keys.ts";
import { Connections } from "../gateway/connections.ts";
import type { Deps, Log } from "../gateway/deps.ts";
import { PictureUrls } from "../gateway/picture-urls.ts";
import { warmPrompts } from "../gateway/prompt.ts";
import { RunningCalls } from "../gateway/running-calls.ts";
import type { ApiDeps } from "../http/api-deps.ts";
import { createGatewayServer } from "../http/server.ts";
import type { World } from "../ledger/open.ts";
import type { Outputs } from "../outputs/port.ts";
import type { ResultStore } from "../results/port.ts";
import { PAUSES, type Pauses } from "../runs/engine/back-off.ts";
import { Runs } from "../runs/engine/runs.ts";
import { registrations } from "../vendors/registry.ts";
import { announce } from "./announce.ts";
import { leftOutText } from "./connection-text.ts";
import { demoKey } from "./demo-account.ts";
import {
  masterKey,
  prepareHome,
  readSandboxFile,
  removeRunFile,
  resultsSecret,
  writeRunFile,
  writeSandboxFile,
} from "./home.ts";
import { keepPresets } from "./kept-presets.ts";
import { listen } from "./listen.ts";
import { createLog } from "./log.ts";
import { type OpenBooks, openBooks } from "./open-books.ts";
import { openOutputs } from "./open-outputs.ts";
import { openResults } from "./open-results.ts";
import { type OwnerDefaults, ownerDefaults } from "./owner-defaults.ts";
import { packageVersion } from "./package.ts";
import { readCatalog } from "./read-catalog.ts";
import { openReconciliations, readConfirmations } from "./reconciliations.ts";
import { today } from "./today.ts";
import { connectVendors, decideWorld, needsEmulators } from "./world.ts";

/** How long a request waits for the running one with the same `Idempotency-Key` (MONEY §7). */
const WAIT_FOR_SAME_MS = 30_000;

export type StartOptions = {
  /** Takes each line for whoever started it. */
  readonly say: (line: string) => void;
  /** For one command: any free loopback port, nothing said, no `run.json`. */
  readonly temporary?: boolean;
  /** How rows of runs are tried again; as usual where it is left out. */
  readonly pauses?: Pauses;
};

export type RunningGateway = {
  readonly url: string;
  readonly world: World;
  readonly adminToken: string;
  /** Only in the sandbox. */
  readonly sandbox?: { readonly apiKey: string; readonly emulatorUrl: string };
  readonly callsInFlight: () => number;
  /** Takes no new orders, lets the calls in flight end, closes the ledger. */
  readonly close: () => Promise<void>;
};

/**
 * Starts a gateway: port, owner lock, catalog, ledger, recovery, and only then orders.
 *
 * @throws ConfigError or StartError with a message for whoever started it.
 */
export async function startGateway(config: Config, options: StartOptions): Promise<RunningGateway> {
  const stack = new AsyncDisposableStack();
  try {
    return await start(config, options, stack);
  } catch (cause) {
    await stack.disposeAsync();
    throw cause;
  }
}

async function start(
  config: Config,
  { say, temporary = false, pauses = PAUSES }: StartOptions,
  stack: AsyncDisposableStack,
): Promise<RunningGateway> {
  const { connections: listed, ratings, claims, ...catalog } = readCatalog(config);
  const world = decideWorld(config, listed);
  const log = createLog(config.logLevel);
  const asOf = config.asOf ?? today();
  const owner = ownerDefaults(config.settings, { catalog, ratings, asOf, connections: listed });
  const presets = keepPresets(owner.presets, { home: config.home, log }, stack);
  const defaults = { ...owner, presets };
  const gateway = createGatewayServer();
  const [host, port] = temporary ? ["127.0.0.1", 0] : [config.host, config.port];
  const url = await listen(gateway.server, host, port);
  stack.defer(() => gateway.server.closeAllConnections());
  stack.defer(() => void gateway.server.close());
  prepareHome(config.home);
  const emulatorUrl = await startEmulators(config, world, stack);
  const reachable = { world, registrations, listed, emulatorUrl };
  const { connected, leftOut } = connectVendors(config, reachable);
  reportLeftOut(leftOut, log);
  const { results, runFiles } = openResults(config, log, stack);
  const kept = {
    results,
    pictureUrls: pictureUrls(config, url, log),
    outputs: openOutputs(config, stack),
  };
  const books = await openBooks(
    { config, world, catalog, connections: connected, results, log },
    stack,
  );
  const adminToken = randomBytes(32).toString("base64url");
  const master = masterKey(config.home, config.masterKey);
  const confirmations = readConfirmations(config.home, world);
  const path = dependencies(
    {
      ...{ config, world, catalog, ratings, confirmations, defaults, log },
      connections: new Connections(connected),
      ...kept,
    },
    books,
  );
  const runs = new Runs({ deps: path, files: runFiles, pauses });
  const deps: ApiDeps = {
    ...path,
    runs,
    admin: { masterKeySha256: sha256(master.key), adminTokenSha256: sha256(adminToken) },
    billFormats,
    reconciliations: openReconciliations({ home: config.home, world, confirmations }),
    claims,
    version: packageVersion(),
  };
  const sandbox = await sandboxOf(config, {
    world,
    url,
    books,
    emulatorUrl,
    masterKey: master.key,
    temporary,
  });
  if (!temporary) {
    await warmPrompts();
    writeRunFile(config.home, { pid: process.pid, address: url, adminToken });
    stack.defer(() => removeRunFile(config.home));
    if (master.made)
      say(`master key (shown once, kept in ${config.home}/master.key): ${master.key}`);
    const { recovered } = books;
    await announce({ config, url, recovered, sandbox, listed, leftOut }, deps, say);
  }
  gateway.serve(deps);
  // A gateway for one command spends nothing but what that command asks for.
  if (!temporary) runs.watch();
  // At once: a run sends nothing more while orders are still being answered.
  stack.defer(async () => void (await Promise.all([gateway.drain(), runs.close()])));
  return {
    url,
    world,
    adminToken,
    ...(sandbox === undefined ? {} : { sandbox }),
    callsInFlight: gateway.callsInFlight,
    close: () => stack.disposeAsync(),
  };
}

function dependencies(
  of: {
    readonly config: Config;
    readonly world: World;
    readonly catalog: Catalog;
    readonly ratings: Ratings;
    readonly confirmations: Confirmations;
    readonly defaults: OwnerDefaults;
    readonly connections: Connections;
    readonly results: ResultStore;
    readonly pictureUrls: PictureUrls;
    readonly outputs: Outputs | undefined;
    readonly log: Log;
  },
  books: OpenBooks,
): Deps {
  const { config, defaults, ...given } = of;
  return {
    ...given,
    running: new RunningCalls(),
    waitForSameMs: WAIT_FOR_SAME_MS,
    ...defaults,
    ledger: books.ledger,
    process: books.process,
    end: books.end,
    asOf: () => config.asOf ?? today(),
    today,
    vendorTimeoutMs: config.vendorTimeoutMs,
  };
}

function billFormats(vendor: string): readonly BillFormat[] {
  return registrations.find((each) => each.vendor.id === vendor)?.bills ?? [];
}

/** What signs the URLs of pictures; a secret of this home's own is no use to other gateways on one ledger. */
function pictureUrls(config: Config, listening: string, log: Log): PictureUrls {
  const { secret, urlSeconds } = config.results;
  if (config.databaseUrl !== undefined && secret === undefined) {
    log.warn(
      { home: config.home },
      "picture URLs are signed for this home alone: set SPOTMETER_RESULTS_SECRET where several gateways share a ledger",
    );
  }
  return new PictureUrls({
    base: config.publicUrl ?? listening,
    secret: resultsSecret(config.home, secret),
    lifetimeSeconds: urlSeconds,
  });
}

/** Live orders never go over another key instead: whoever watches the log must know why one is missing. */
function reportLeftOut(leftOut: readonly ListedConnection[], log: Log): void {
  for (const each of leftOut) log.warn({ connection: each.id }, leftOutText(each));
}

/** Our own emulators, where the sandbox needs them. Loaded only then: live never carries them. */
async function startEmulators(
  config: Config,
  world: World,
  stack: AsyncDisposableStack,
): Promise<string | undefined> {
  if (world === "live" || !needsEmulators(config)) return undefined;
  const { startEmulator } = await import("../../emulators/start.ts");
  const emulator = await startEmulator({});
  stack.defer(() => emulator.close());
  return emulator.url;
}

async function sandboxOf(
  config: Config,
  given: {
    readonly world: World;
    readonly url: string;
    readonly books: OpenBooks;
    readonly emulatorUrl: string | undefined;
    readonly masterKey: string;
    readonly temporary: boolean;
  },
): Promise<RunningGateway["sandbox"]> {
  if (given.world === "live") return undefined;
  const kept = readSandboxFile(config.home);
  const apiKey = await demoKey(kept?.apiKey, given.books.ledger);
  // Every emulator answers on one origin; with a base URL of one's own, that of the first vendor.
  const [first] = config.vendors;
  const emulatorUrl = new URL(first?.baseUrl ?? given.emulatorUrl ?? given.url).origin;
  // A gateway for one command leaves the addresses of the lasting one alone; its own die with it.
  if (!given.temporary || kept?.apiKey !== apiKey) {
    const baseUrl = `${given.url}/v1`;
    writeSandboxFile(config.home, { baseUrl, apiKey, masterKey: given.masterKey, emulatorUrl });
  }
  return { apiKey, emulatorUrl };
}
