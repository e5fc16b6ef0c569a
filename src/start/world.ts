import type { ListedConnection } from "../catalog/connections.ts";
import { type Config, ConfigError, type VendorSettings } from "../config.ts";
import { type ConnectedVendor, UNLISTED } from "../gateway/connected-vendor.ts";
import type { World } from "../ledger/open.ts";
import type { Registration } from "../vendors/registry.ts";

/** What the emulators are called with: a key must be there, none is secret. */
const EMULATOR_KEY = "sandbox-emulator-key";

/**
 * Sandbox unless a vendor's key is set, in its own variable or in one that a listed connection names; the
 * mode decides where both are possible.
 *
 * @throws ConfigError
 */
export function decideWorld(config: Config, listed: readonly ListedConnection[]): World {
  const hasKeys =
    config.vendors.some((vendor) => vendor.key !== undefined) ||
    listed.some(({ keyVariable }) => config.variable(keyVariable) !== undefined);
  if (config.mode === "live" && !hasKeys) {
    throw new ConfigError("SPOTMETER_MODE=live needs the key of at least one vendor");
  }
  return config.mode ?? (hasKeys ? "live" : "sandbox");
}

/** Whether the sandbox needs our own emulators, or every vendor's base URL points elsewhere on loopback. */
export function needsEmulators(config: Config): boolean {
  return config.vendors.some((vendor) => vendor.baseUrl === undefined);
}

/** The connections of this start, and those that can't be used for want of a key. */
export type ConnectedWorld = {
  /** By vendor, in the order of registration: the environment's own first, then as listed. */
  readonly connected: readonly ConnectedVendor[];
  readonly leftOut: readonly ListedConnection[];
};

/** What connecting works with. */
export type WorldGiven = {
  readonly world: World;
  readonly registrations: readonly Registration[];
  readonly listed: readonly ListedConnection[];
  /** Address of our own emulators; undefined in live mode. */
  readonly emulatorUrl: string | undefined;
};

/**
 * The connections that answer in this world. Live: those with a key, at their own address, that of their
 * vendor's variable, or the public one. Sandbox: all that are listed, and every other vendor, emulated; a real
 * key never goes to an emulator.
 *
 * @throws ConfigError when the sandbox would leave loopback, or live would send a key in the clear.
 */
export function connectVendors(config: Config, given: WorldGiven): ConnectedWorld {
  for (const each of given.listed) assertOwnKey(each, given.registrations);
  const keyOf = (each: ListedConnection) =>
    given.world === "live" ? config.variable(each.keyVariable) : EMULATOR_KEY;
  const connected = given.registrations.flatMap((registration) => {
    const { vendor } = registration;
    const listed = given.listed.filter((each) => each.vendor === vendor.id);
    const settings = config.vendors.find((each) => each.vendor === vendor.id);
    const usual = usualBaseUrl(registration, settings, given);
    const of = { registration, usual, world: given.world };
    const ownKey = keyOfOwn(settings, { world: given.world, alone: listed.length === 0 });
    return [
      ...(ownKey === undefined ? [] : [ownConnection(ownKey, of)]),
      ...listed.flatMap((each) => {
        const key = keyOf(each);
        return key === undefined ? [] : [listedConnection(each, { ...of, key })];
      }),
    ];
  });
  assertAsOf(config, connected);
  return { connected, leftOut: given.listed.filter((each) => keyOf(each) === undefined) };
}

/** What a connection is made for, and the address that its vendor has when it names none. */
type Place = {
  readonly registration: Registration;
  readonly usual: string;
  readonly world: World;
};

/** The key of a vendor's connection without limits. Beside listed ones it stands only where live would have it too. */
function keyOfOwn(
  settings: VendorSettings | undefined,
  { world, alone }: { readonly world: World; readonly alone: boolean },
): string | undefined {
  if (world === "live") return settings?.key;
  return alone || settings?.key !== undefined ? EMULATOR_KEY : undefined;
}

function ownConnection(key: string, { registration, usual, world }: Place): ConnectedVendor {
  const { vendor, baseUrlVariable } = registration;
  const loopback = assertBaseUrl(baseUrlVariable, usual, world);
  const id = `${vendor.id}-${world}`;
  return {
    vendor,
    connection: { id, vendor: vendor.id, baseUrl: usual, key, loopback },
    ...UNLISTED,
  };
}

function listedConnection(
  listed: ListedConnection,
  of: Place & { readonly key: string },
): ConnectedVendor {
  const { id, region, accounts, pace, houseLimits } = listed;
  const { vendor } = of.registration;
  const { baseUrl, called } = addressOf(listed, of);
  const loopback = assertBaseUrl(called, baseUrl, of.world);
  const connection = { id, vendor: vendor.id, baseUrl, key: of.key, loopback };
  return {
    vendor,
    connection: region === undefined ? connection : { ...connection, region },
    accounts,
    pace,
    houseLimits,
  };
}

function usualBaseUrl(
  registration: Registration,
  settings: VendorSettings | undefined,
  { world, emulatorUrl }: WorldGiven,
): string {
  if (settings?.baseUrl !== undefined) return settings.baseUrl;
  return world === "live"
    ? registration.liveBaseUrl
    : `${emulatorUrl ?? ""}${registration.emulatorPath}`;
}

/**
 * Where a listed connection is called, and what that is called in messages. The sandbox keeps an address on
 * loopback, an emulator somewhere else, and puts the vendor's emulator in the place of every other.
 */
function addressOf(
  listed: ListedConnection,
  of: Place,
): { readonly baseUrl: string; readonly called: string } {
  const own = listed.baseUrl;
  if (own === undefined || (of.world === "sandbox" && !isLoopback(own))) {
    return { baseUrl: of.usual, called: of.registration.baseUrlVariable };
  }
  return { baseUrl: own, called: listed.at("baseUrl") };
}

/** One key must not be used by two connections unawares: the one that the environment makes has no limits. */
function assertOwnKey(listed: ListedConnection, registrations: readonly Registration[]): void {
  const { keyVariable } = listed;
  const taken = registrations.find((each) => each.keyVariables.includes(keyVariable));
  if (taken === undefined) return;
  throw new ConfigError(
    `${listed.at("key")}: ${keyVariable} makes a connection of its own, without limits, beside this one: keep the key in another variable`,
  );
}

/** Whether an address is on loopback; @throws ConfigError where this world must not call it. */
function assertBaseUrl(called: string, baseUrl: string, world: World): boolean {
  const loopback = isLoopback(baseUrl);
  if (world === "sandbox" && !loopback) {
    throw new ConfigError(
      `${called} points outside this machine, but there is no key for it: the sandbox speaks to loopback only`,
    );
  }
  if (!loopback && new URL(baseUrl).protocol !== "https:") {
    throw new ConfigError(
      `${called}: plain http is for loopback only; a key would go in the clear`,
    );
  }
  return loopback;
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
