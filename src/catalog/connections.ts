import { z } from "zod";
import { type PicoUsd, parseUsd } from "../money/pico-usd.ts";
import { usdText } from "./schema.ts";
import type { FieldLocation, FieldPath, Problem } from "./source-text.ts";

const amount = usdText.transform(parseUsd);

function wholeNumber(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z.int({ error }).min(1, { error }).max(max, { error });
}

const limitsSchema = z.strictObject({
  imagesPerMinute: wholeNumber(100_000).optional(),
  concurrent: wholeNumber(10_000).optional(),
  exposurePerHour: amount.optional(),
  vendorCostPerDay: amount.optional(),
  vendorCostPerMonth: amount.optional(),
});

/**
 * The part of `spotmeter.yaml` that lists connections: credentials under which a vendor is called.
 *
 *     connections:
 *       - id: openai-team-a
 *         vendor: openai
 *         key: env OPENAI_TEAM_A_KEY
 *         limits: { images_per_minute: 50, concurrent: 8 }
 *
 * `base_url`, `region`, `accounts` and every limit may be left out. A key never stands in the file.
 */
export const connectionsSchema = z
  .array(
    z.strictObject({
      id: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be 1 to 64 of a-z, 0-9 and -, no - first"),
      vendor: z.string(),
      // The message never repeats the value: it may be a key.
      key: z
        .string()
        .regex(/^env +[A-Za-z_][A-Za-z0-9_]*$/, "write env NAME: a key itself never stands here")
        .transform((text) => text.replace(/^env +/, "")),
      baseUrl: z
        .url({ protocol: /^https?$/, error: "must be an http or https URL" })
        .transform((url) => url.replace(/\/+$/, ""))
        .optional(),
      region: z.string().min(1).max(64).optional(),
      accounts: z
        .array(z.string().regex(/^acct_[0-9a-z]{26}$/, "must be an account's id, acct_…"))
        .min(1, "leave it out to allow every account")
        .optional(),
      limits: limitsSchema.default({}),
    }),
  )
  .default([]);
type Entry = z.infer<typeof connectionsSchema>[number];

/** A connection as its owner listed it; the key is still the name of an environment variable. */
export type ListedConnection = {
  readonly id: string;
  readonly vendor: string;
  /** Name of the environment variable that holds the key. */
  readonly keyVariable: string;
  /** Without a slash at its end; undefined takes the vendor's usual address. */
  readonly baseUrl: string | undefined;
  readonly region: string | undefined;
  /** These accounts and all below them; undefined allows every account. */
  readonly accounts: readonly string[] | undefined;
  readonly pace: {
    /** Images sent within any 60 s, 1 to 100,000. */
    readonly imagesPerMinute: number | undefined;
    /** Calls in flight, 1 to 10,000. */
    readonly concurrent: number | undefined;
  };
  readonly houseLimits: {
    /** Uncharged cost and open exposures, by the hour; left out, the root's own limit counts. */
    readonly exposureHour?: PicoUsd;
    readonly vendorCostDay?: PicoUsd;
    readonly vendorCostMonth?: PicoUsd;
  };
  /** File, line and name of one of its fields, for messages. */
  readonly at: (field: "key" | "baseUrl") => string;
};

/** What is listed, and what is wrong with it as a list: vendors that don't exist, names given twice. */
export function listConnections(
  entries: readonly Entry[],
  vendors: ReadonlySet<string>,
  locate: (path: FieldPath) => FieldLocation,
): { readonly connections: readonly ListedConnection[]; readonly problems: readonly Problem[] } {
  const taken = new Map([...vendors].flatMap(ownNames));
  const problems: Problem[] = [];
  for (const [index, { id, vendor }] of entries.entries()) {
    const path = ["connections", index];
    if (!vendors.has(vendor)) {
      const allowed = [...vendors].toSorted().join(", ");
      const message = `there is no vendor "${vendor}": one of ${allowed}`;
      problems.push({ path: [...path, "vendor"], message });
    }
    const by = taken.get(id);
    if (by !== undefined) problems.push({ path: [...path, "id"], message: `"${id}" is ${by}` });
    taken.set(id, by ?? `the id of connections.${index} already`);
  }
  const connections = entries.map((entry, index) => listed(entry, ["connections", index], locate));
  return { connections, problems };
}

/** The names of connections that an environment key makes. */
function ownNames(vendor: string): [string, string][] {
  return ["live", "sandbox"].map((world) => [
    `${vendor}-${world}`,
    "the connection that the environment makes: take another id",
  ]);
}

function listed(
  entry: Entry,
  path: FieldPath,
  locate: (path: FieldPath) => FieldLocation,
): ListedConnection {
  const { imagesPerMinute, concurrent, exposurePerHour, ...cost } = entry.limits;
  return {
    id: entry.id,
    vendor: entry.vendor,
    keyVariable: entry.key,
    baseUrl: entry.baseUrl,
    region: entry.region,
    accounts: entry.accounts,
    pace: { imagesPerMinute, concurrent },
    houseLimits: {
      ...(exposurePerHour === undefined ? {} : { exposureHour: exposurePerHour }),
      ...(cost.vendorCostPerDay === undefined ? {} : { vendorCostDay: cost.vendorCostPerDay }),
      ...(cost.vendorCostPerMonth === undefined
        ? {}
        : { vendorCostMonth: cost.vendorCostPerMonth }),
    },
    at: (field) => {
      const { file, line, path: where } = locate([...path, field]);
      return `${file}:${line} ${where.map(String).join(".")}`;
    },
  };
}
