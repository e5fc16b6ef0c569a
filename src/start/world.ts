import { type Config, ConfigError } from "../config.ts";
import type { ConnectedVendor } from "../gateway/deps.ts";
import type { World } from "../ledger/open.ts";
import type { Registration } from "../vendors/registry.ts";

/** What the emulators are called with: a key must be there, none is secret. */
const EMULATOR_KEY = "sandbox-emulator-key";

/** Sandbox unless a vendor's key is set; the mode decides where both are possible. @throws ConfigError */
export function decideWorld(config: Config): World {
  const hasKeys = config.vendors.some((vendor) => vendor.key !== undefined);
  if (config.mode === "live" && !hasKeys) {
    throw new ConfigError("SPOTMETER_MODE=live needs the key of at least one vendor");
  }
  return config.mode ?? (hasKeys ? "live" : "sandbox");
}

/** Whether the sandbox needs our own emulators, or every vendor's base URL points elsewhere on loopback. */
export function needsEmulators(config: Config): boolean {
  return config.vendors.some((vendor) => vendor.baseUrl === undefined);
}

/**
 * The vendors that answer in this world. Live: those with a key, at their public address or the given
 * one. Sandbox: all of them, emulated; a real key never goes to an emulator.
 *
 * @throws ConfigError when the sandbox would leave loopback, or live would send a key in the clear.
 */
export function connectVendors(
  config: Config,
  world: World,
  given: {
    readonly registrations: readonly Registration[];
    /** Address of our own emulators; undefined in live mode. */
    readonly emulatorUrl: string | undefined;
  },
): ReadonlyMap<string, ConnectedVendor> {
  const connected = new Map<string, ConnectedVendor>();
  for (const registration of given.registrations) {
    const id = registration.vendor.id;
    const settings = config.vendors.find((each) => each.vendor === id);
    const key = world === "live" ? settings?.key : EMULATOR_KEY;
    if (key === undefined) continue;
    const elsewhere =
      world === "live"
        ? registration.liveBaseUrl
        : `${given.emulatorUrl ?? ""}${registration.emulatorPath}`;
    const baseUrl = settings?.baseUrl ?? elsewhere;
    const loopback = isLoopback(baseUrl);
    assertBaseUrl(registration.baseUrlVariable, baseUrl, { world, loopback });
    const connection = { id: `${id}-${world}`, vendor: id, baseUrl, key, loopback };
    connected.set(id, { vendor: registration.vendor, connection });
  }
  assertAsOf(config, [...connected.values()]);
  return connected;
}

function assertBaseUrl(
  variable: string,
  baseUrl: string,
  of: { readonly world: World; readonly loopback: boolean },
): void {
  if (of.world === "sandbox" && !of.loopback) {
    throw new ConfigError(
      `${variable} points outside this machine, but there is no key for it: the sandbox speaks to loopback only`,
    );
  }
  if (!of.loopback && new URL(baseUrl).protocol !== "https:") {
    throw new ConfigError(
      `${variable}: plain http is for loopback only; a key would go in the clear`,
    );
  }
}

/** Reading the catalog as of another day is for emulators: real vendors bill today's prices. */
function assertAsOf(config: Config, connected: readonly ConnectedVendor[]): void {
  if (config.asOf === undefined) return;
  const outside = connected.find(({ connection }) => !connection.loopback);
  if (outside !== undefined) {
    throw new ConfigError(
      `SPOTMETER_AS_OF is refused while ${outside.connection.vendor} is called outside this machine`,
    );
  }
}

function isLoopback(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname;
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
