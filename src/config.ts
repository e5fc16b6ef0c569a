import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { S3Settings } from "./results/s3-bucket.ts";
import { readStorePlace, type StorePlace } from "./results/store-place.ts";

/**
 * Everything that the environment and `spotmeter.yaml` say, read once. This file alone reads them, before
 * anything has started, so that a bad setting is named at once.
 */

const key = z.string().trim().min(1);
const baseUrl = z.url({ protocol: /^https?$/ });

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

const schema = z.object({
  SPOTMETER_HOME: z.string().min(1).default(".spotmeter"),
  SPOTMETER_MODE: z.enum(["sandbox", "live"]).optional(),
  SPOTMETER_AS_OF: z.iso.date().optional(),
  SPOTMETER_CONFIG: z.string().min(1).optional(),
  SPOTMETER_RESULTS: z.string().min(1).optional(),
  SPOTMETER_RESULTS_SECRET: z.string().min(32, "must be at least 32 characters").optional(),
  SPOTMETER_URL_SECONDS: wholeNumber(60, 86_400).default(3_600),
  PUBLIC_URL: baseUrl.optional(),
  S3_ENDPOINT: baseUrl.optional(),
  S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, "must be a region such as eu-central-1")
    .default("us-east-1"),
  S3_ACCESS_KEY_ID: key.optional(),
  S3_SECRET_ACCESS_KEY: key.optional(),
  SPOTMETER_RESULTS_BYTES_MAX: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(64 * 1024 ** 3),
  SPOTMETER_URL: z.url().optional(),
  SPOTMETER_API_KEY: key.optional(),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: wholeNumber(0, 65_535).default(4000),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" })
    .optional(),
  MASTER_KEY: z.string().min(16, "must be at least 16 characters").optional(),
  LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("warn"),
  VENDOR_TIMEOUT_MS: wholeNumber(1_000, 1_800_000).default(600_000),
});

/** Which variables speak of a vendor; the registry of vendors knows their names. */
export type VendorVariables = {
  readonly vendor: string;
  readonly keyVariables: readonly string[];
  readonly baseUrlVariable: string;
};

/** What one vendor's variables say. */
export type VendorSettings = {
  readonly vendor: string;
  readonly key: string | undefined;
  /** As given; undefined takes the vendor's public address (live) or the emulator (sandbox). */
  readonly baseUrl: string | undefined;
};

export type SettingsFile = { readonly file: string; readonly text: string };

/** Where kept answers and pictures go, and for how long they are handed out. */
export type ResultSettings = {
  readonly place: StorePlace;
  /** What they may take up in a folder. */
  readonly bytesMax: number;
  /** What URLs of pictures are signed with; undefined makes one for this home. A secret. */
  readonly secret: string | undefined;
  /** Lifetime of such a URL, 60 to 86,400 s. */
  readonly urlSeconds: number;
};

export type Config = {
  /** Absolute folder that holds ledgers, spool, keys and `run.json`. */
  readonly home: string;
  readonly mode: "sandbox" | "live" | undefined;
  /** Answers and pictures that may be asked for again. */
  readonly results: ResultSettings;
  /** The object store of every `s3://` place; undefined where its keys are not set. */
  readonly s3: S3Settings | undefined;
  /** Where clients reach this gateway, without a slash at its end; undefined: where it listens. */
  readonly publicUrl: string | undefined;
  /** The catalog is read as of this day; undefined is today. */
  readonly asOf: string | undefined;
  /** The text of `spotmeter.yaml`, and its name for messages; undefined when there is none. */
  readonly settings: SettingsFile | undefined;
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  readonly host: string;
  readonly port: number;
  /** The PostgreSQL ledger; undefined keeps the ledger in a file of the home. A secret. */
  readonly databaseUrl: string | undefined;
  readonly masterKey: string | undefined;
  readonly logLevel: "silent" | "error" | "warn" | "info" | "debug";
  readonly vendorTimeoutMs: number;
  readonly vendors: readonly VendorSettings[];
  /** A variable that `spotmeter.yaml` names; undefined where it is unset or empty. */
  readonly variable: (name: string) => string | undefined;
};

/** A setting that can't be used: printed as it is, exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Parses the environment and names every bad variable in one message. An empty variable counts as unset.
 *
 * @throws ConfigError
 */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  vendors: readonly VendorVariables[],
): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  const parsed = schema.safeParse(set);
  const urlNames = vendors.map((each) => each.baseUrlVariable);
  const urls = z.partialRecord(z.enum(urlNames), baseUrl).safeParse(pick(set, urlNames));
  if (!parsed.success || !urls.success) {
    const issues = [...(parsed.error?.issues ?? []), ...(urls.error?.issues ?? [])];
    // Never the value: it may be a key.
    const problems = issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError(`bad configuration\n${problems.join("\n")}`);
  }
  const env = parsed.data;
  const home = resolve(env.SPOTMETER_HOME);
  return {
    home,
    results: {
      place: resultsPlace(env.SPOTMETER_RESULTS, home),
      bytesMax: env.SPOTMETER_RESULTS_BYTES_MAX,
      secret: env.SPOTMETER_RESULTS_SECRET,
      urlSeconds: env.SPOTMETER_URL_SECONDS,
    },
    s3: s3Settings(env),
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ""),
    mode: env.SPOTMETER_MODE,
    asOf: env.SPOTMETER_AS_OF,
    settings: readSettings(env.SPOTMETER_CONFIG),
    url: env.SPOTMETER_URL,
    apiKey: env.SPOTMETER_API_KEY,
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    masterKey: env.MASTER_KEY,
    logLevel: env.LOG_LEVEL,
    vendorTimeoutMs: env.VENDOR_TIMEOUT_MS,
    vendors: vendors.map((each) => ({
      vendor: each.vendor,
      key: each.keyVariables.map((name) => set[name]?.trim()).find((value) => value !== undefined),
      baseUrl: set[each.baseUrlVariable]?.replace(/\/+$/, ""),
    })),
    variable: (name) => (Object.hasOwn(set, name) ? set[name]?.trim() : undefined),
  };
}

/** @throws ConfigError */
function resultsPlace(named: string | undefined, home: string): StorePlace {
  if (named === undefined) return { kind: "folder", folder: join(home, "results") };
  try {
    return readStorePlace(named, resolve);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`bad configuration\n  SPOTMETER_RESULTS: ${why}`, { cause });
  }
}

/** @throws ConfigError for one key without the other. */
function s3Settings(env: z.infer<typeof schema>): S3Settings | undefined {
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const why = "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: set both or neither";
    throw new ConfigError(`bad configuration\n  ${why}`);
  }
  const region = env.S3_REGION;
  const endpoint = env.S3_ENDPOINT ?? `https://s3.${region}.amazonaws.com`;
  return { endpoint: endpoint.replace(/\/+$/, ""), region, accessKeyId, secretAccessKey };
}

/** `SPOTMETER_CONFIG`, which must be there, or `spotmeter.yaml` in the working folder, which may. */
function readSettings(named: string | undefined): SettingsFile | undefined {
  const file = resolve(named ?? "spotmeter.yaml");
  try {
    return { file, text: readFileSync(file, "utf8") };
  } catch (cause) {
    if (named === undefined && isMissing(cause)) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`bad configuration\n  SPOTMETER_CONFIG: ${why}`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function pick(
  set: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(set).filter(([name]) => names.includes(name)));
}

/** The process's own settings. */
export function readConfig(vendors: readonly VendorVariables[]): Config {
  return parseConfig(process.env, vendors);
}
