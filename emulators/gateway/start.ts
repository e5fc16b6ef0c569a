import { listen } from "../listen.ts";
import { type EmulatorOptions, type RunningEmulator, startEmulator } from "../start.ts";
import { Accounts } from "./accounts.ts";
import { readLies } from "./lies.ts";
import { createGatewayServer } from "./server.ts";

/** As the emulators of vendors. */
export type EmulatedGatewayOptions = EmulatorOptions & {
  /** What it lies about (`lies.ts`); nothing: it is honest. */
  readonly lies?: readonly string[];
  /** Emulators that run already, to buy from; else it starts some of its own. */
  readonly vendorUrl?: string;
};

/**
 * Starts an emulated gateway on a port of its own.
 *
 * @throws Error that names a lie nobody knows, before anything listens.
 */
export async function startEmulatedGateway(
  options: EmulatedGatewayOptions,
): Promise<RunningEmulator> {
  const { lies = [], port = 0, host = "127.0.0.1", vendorUrl, ...vendorOptions } = options;
  const told = readLies(lies);
  const vendor =
    vendorUrl === undefined ? await startEmulator(vendorOptions) : lentVendor(vendorUrl);
  const shop = { vendorUrl: vendor.url, accounts: new Accounts(), lies: told };
  const server = createGatewayServer(shop);
  try {
    const taken = await listen(server, port, host);
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
      close: async () => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await Promise.all([closed, vendor.close()]);
      },
    };
  } catch (cause) {
    await vendor.close();
    throw cause;
  }
}

function lentVendor(url: string): RunningEmulator {
  return { url, close: async () => undefined };
}
