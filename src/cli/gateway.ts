import { readRunFile, readSandboxFile } from "../start/home.ts";
import { Misuse } from "./failures.ts";
import {
  askHealth,
  createHttpClient,
  type HttpAnswer,
  type HttpCall,
  type HttpDownload,
} from "./http-client.ts";
import type { Session } from "./session.ts";
import { onStopSignal } from "./stop-signal.ts";

/** The gateway that a command speaks to. */
export type Gateway = {
  /** A call by an API key: `--key`, `SPOTMETER_API_KEY`, else the sandbox's own. */
  readonly call: (call: Omit<HttpCall, "key">) => Promise<HttpAnswer>;
  /** Bytes by the same key. */
  readonly download: (call: Omit<HttpCall, "key">) => Promise<HttpDownload>;
  /** A call of the administration: the run file's token, `MASTER_KEY`, or the temporary gateway's token. */
  readonly administer: (call: Omit<HttpCall, "key">) => Promise<HttpAnswer>;
};

type Found = {
  readonly url: string;
  readonly sandboxKey: string | undefined;
  readonly adminKey: string | undefined;
  readonly close: () => Promise<void>;
};

/**
 * Finds a gateway, works with it, and closes what was opened: the one of `--url` or `SPOTMETER_URL`, the
 * one that runs for this home, else a temporary one in this process, which owns the home meanwhile.
 */
export async function withGateway<T>(
  session: Session,
  work: (gateway: Gateway) => Promise<T>,
  of: {
    /** The work itself listens for Ctrl-C, and says what becomes of it. */
    readonly minds?: boolean;
  } = {},
): Promise<T> {
  const found = (await findGateway(session)) ?? (await startTemporary(session, of.minds ?? false));
  const client = createHttpClient(found.url);
  try {
    return await work({
      call: (call) => client.call({ ...call, key: apiKey(session, found) }),
      download: (call) => client.download({ ...call, key: apiKey(session, found) }),
      administer: (call) => client.call({ ...call, key: adminKey(session, found) }),
    });
  } finally {
    await client.close();
    await found.close();
  }
}

async function findGateway({ config }: Session): Promise<Found | undefined> {
  const run = readRunFile(config.home);
  const close = async (): Promise<void> => undefined;
  if (config.url === undefined) {
    const health = run === undefined ? undefined : await askHealth(run.address);
    if (run === undefined || health === undefined) return undefined;
    const sandboxKey =
      health.world === "sandbox" ? readSandboxFile(config.home)?.apiKey : undefined;
    return { url: run.address, sandboxKey, adminKey: run.adminToken, close };
  }
  const url = config.url.replace(/\/+$/, "").replace(/\/v1$/, "");
  const sandbox = readSandboxFile(config.home);
  // Keys of this home go to this home's gateway only, never to whatever stands at another address.
  const sandboxHere = sandbox !== undefined && samePlace(url, sandbox.baseUrl);
  const runHere = run !== undefined && samePlace(url, run.address);
  return {
    url,
    sandboxKey: sandboxHere ? sandbox.apiKey : undefined,
    adminKey:
      (runHere ? run.adminToken : undefined) ??
      config.masterKey ??
      (sandboxHere ? sandbox.masterKey : undefined),
    close,
  };
}

async function startTemporary({ config, terminal }: Session, minds: boolean): Promise<Found> {
  // Loaded only here: most commands find a gateway that runs already, and start in half the time without it.
  const { startGateway } = await import("../start/gateway.ts");
  const running = await startGateway(config, { say: () => undefined, temporary: true });
  const stopListening = minds
    ? () => undefined
    : onStopSignal(() => {
        terminal.note(
          "the call has been sent and will be billed: waiting for it (again to stop at once)",
        );
      });
  return {
    url: running.url,
    sandboxKey: running.sandbox?.apiKey,
    adminKey: running.adminToken,
    close: async () => {
      stopListening();
      await running.close();
    },
  };
}

function apiKey({ config, key }: Session, found: Found): string {
  const chosen = key ?? config.apiKey ?? found.sandboxKey;
  if (chosen !== undefined) return chosen;
  throw new Misuse(
    "an API key is needed: give --key or set SPOTMETER_API_KEY (spotmeter keys create makes one)",
  );
}

function adminKey({ key }: Session, found: Found): string {
  const chosen = key ?? found.adminKey;
  if (chosen !== undefined) return chosen;
  throw new Misuse(
    "the master key is needed: set MASTER_KEY, or run this on the gateway's machine",
  );
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function samePlace(left: string, right: string): boolean {
  const [a, b] = [new URL(left), new URL(right)];
  const sameHost =
    a.hostname === b.hostname || (LOOPBACK.test(a.hostname) && LOOPBACK.test(b.hostname));
  return sameHost && a.port === b.port && a.protocol === b.protocol;
}
