import { catalogMarket } from "../advisor/catalog-market.ts";
import type { Market } from "../advisor/market.ts";
import type { Claims } from "../catalog/claims.ts";
import type { Catalog } from "../catalog/find.ts";
import { Refusal } from "../refusals.ts";
import { readCatalog } from "../start/read-catalog.ts";
import { Misuse } from "./failures.ts";
import type { Session } from "./session.ts";

/** The catalog as this machine has it, the owner's models and prices in it: no gateway is asked. */
export type Offline = {
  readonly catalog: Catalog;
  readonly claims: Claims;
  /** The day that it is, or that `SPOTMETER_AS_OF` says. */
  readonly today: string;
  readonly marketAt: (asOf: string) => Market;
};

/** Reads and checks it. @throws StartError */
export async function readOffline({ config }: Session): Promise<Offline> {
  // Vendors bring their clients along: loaded only by commands that estimate.
  const { estimateOf } = await import("../vendors/registry.ts");
  const { ratings, claims, connections: _, ...catalog } = readCatalog(config);
  return {
    catalog,
    claims,
    today: config.asOf ?? new Date().toISOString().slice(0, "YYYY-MM-DD".length),
    marketAt: (asOf) => catalogMarket(catalog, { asOf, ratings, estimateOf }),
  };
}

/** What was asked, where a bad value is a misuse of the command line: nothing was asked of any gateway. */
export function asAsked<Asked>(read: () => Asked): Asked {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Refusal) throw new Misuse(asFlag(cause.message), { cause });
    throw cause;
  }
}

/** `reference_size=…` is `--reference-size …` here. */
function asFlag(message: string): string {
  return message.replace(/^([a-z_]+)(?==|:)/, (name) => `--${name.replaceAll("_", "-")}`);
}
