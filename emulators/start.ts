import { readEmulatorConfig } from "./config.ts";
import { listen } from "./listen.ts";
import { PictureStore } from "./picture/picture-store.ts";
import { createStudio } from "./picture/studio.ts";
import { createEmulatorServer } from "./server.ts";
import { createTokenizer } from "./tokens/tokenizer.ts";

/** What a caller may set; everything else comes from the environment (`config.ts`). */
export type EmulatorOptions = {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** How long a vendor seems to think. Default 50. */
  readonly latencyMs?: number;
  readonly pictures?: "full" | "small";
};

export type RunningEmulator = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Breaks every open connection, ends the worker threads and frees the port. */
  readonly close: () => Promise<void>;
};

/**
 * Starts the emulators of all four vendors on one port.
 *
 * Canvas, fonts and tokenizer are loaded by worker threads at first use, so this returns in a few
 * milliseconds and never stalls a gateway in the same process.
 */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const environment = readEmulatorConfig();
  const config = {
    ...environment,
    pictures: options.pictures ?? environment.pictures,
    latencyMs: options.latencyMs ?? environment.latencyMs,
  };
  const host = options.host ?? "127.0.0.1";
  const studio = createStudio(config.pictures);
  const tokenizer = createTokenizer();
  const nowMs = (): number => Date.now();
  const store = new PictureStore(nowMs);
  const server = createEmulatorServer({
    config,
    studio,
    store,
    tokenizer,
    nowMs,
  });
  const port = await listen(server, options.port ?? 0, host);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, studio.close(), tokenizer.close()]);
    },
  };
}
