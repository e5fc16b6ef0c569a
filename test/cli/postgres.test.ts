import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withClient } from "../postgres/databases.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { MUG_ORDER, spotmeter, startServer, temporaryFolder } from "./spotmeter.ts";

/** The commands that read a ledger themselves, where it is in PostgreSQL. */

const postgres = usePostgres();

/** A home whose ledger is in a database, and one picture made by it. */
async function homeWithPicture(home: string) {
  const databaseUrl = await postgres().createDatabase();
  const environment = { SPOTMETER_HOME: home, DATABASE_URL: databaseUrl };
  const made = await spotmeter(["generate", ...MUG_ORDER, `--out=${home}`, "--json"], environment);
  const receipt: string = made.json().receipt_id;
  const { host, pathname } = new URL(databaseUrl);
  return { environment, databaseUrl, name: `${host}${pathname}`, receipt };
}

function run(databaseUrl: string, sql: string) {
  return withClient(databaseUrl, (client) => client.query(sql));
}

describe("verify", () => {
  it("reads the database beside two gateways, against the heads of both and a receipt", async () => {
    using one = temporaryFolder();
    using two = temporaryFolder();
    const { environment, name, receipt } = await homeWithPicture(one.path);
    const said = await spotmeter(["receipt", receipt, "--json"], environment);
    const receipts = join(one.path, "receipts");
    mkdirSync(receipts);
    writeFileSync(join(receipts, `${receipt}.json`), said.stdout);
    await using first = await startServer(["serve", "--port=0"], environment);
    await using second = await startServer(["serve", "--port=0"], {
      ...{ ...environment, SPOTMETER_HOME: two.path },
    });
    expect(first.pid).not.toBe(second.pid);
    const heads = [one, two].map(({ path }) => {
      const [day = "none"] = readdirSync(join(path, "heads"));
      return join(path, "heads", day);
    });
    for (const head of heads) {
      const lines = readFileSync(head, "utf8").trimEnd().split("\n").length;
      const proofs = [`--head=${head}`, `--receipts=${receipts}`];
      const json = await spotmeter(["verify", ...proofs, "--json"], environment);
      expect(json).toMatchObject({ code: 0, stderr: "" });
      expect(json.json()).toMatchObject({
        ...{ ok: true, receipts: 1, heads_checked: lines, receipts_checked: 1 },
      });
    }
    const words = await spotmeter(["verify", "--incremental", "--world=sandbox"], environment);
    expect(words.code).toBe(0);
    expect(words.stdout).toContain(`ok: ${name}: `);
    expect(words.stdout).toContain("no checkpoint so far: everything was read");
  });

  it("an entry edited by hand is found, named, and ends verify with 1", async () => {
    using home = temporaryFolder();
    const { environment, databaseUrl, name, receipt } = await homeWithPicture(home.path);
    // Append-only is a trigger; whoever owns the table gets past it.
    await run(
      databaseUrl,
      `ALTER TABLE entries DISABLE TRIGGER USER;
       UPDATE entries SET text = replace(text, '5985000000', '5985000001')
         WHERE id = '${receipt}.end'`,
    );
    const json = await spotmeter(["verify", "--json"], environment);
    expect(json).toMatchObject({ code: 1, stderr: "" });
    expect(json.json()).toMatchObject({
      ok: false,
      first_discrepancy: { entry: `${receipt}.end`, what: "hash" },
    });
    const words = await spotmeter(["verify"], environment);
    expect(words.code).toBe(1);
    expect(words.stdout).toContain(`DISCREPANCY in ${name} after`);
    expect(words.stdout).toContain(`entry     ${receipt}.end`);
  });

  it("refuses what it can't read, with a code, and never says the password", async () => {
    using home = temporaryFolder();
    const { environment, name } = await homeWithPicture(home.path);
    const live = await spotmeter(["verify", "--world=live"], environment);
    expect(live).toMatchObject({ code: 2, stdout: "" });
    expect(live.stderr).toContain(`${name} is a sandbox ledger: leave --world live out`);
    const empty = { ...environment, DATABASE_URL: await postgres().createDatabase() };
    const none = await spotmeter(["verify", "--json"], empty);
    expect(none.code).toBe(1);
    expect(none.json().error).toMatchObject({
      code: "no_ledger",
      message: expect.stringContaining("can't be read as a ledger"),
    });
    const away = { ...environment, DATABASE_URL: "postgres://me:secret-word@127.0.0.1:1/none" };
    for (const command of [["verify"], ["ledger", "restored"]]) {
      const lost = await spotmeter([...command, "--json"], away);
      expect(lost.code).toBe(1);
      expect(lost.json().error).toMatchObject({ code: "ledger_unavailable" });
      expect(lost.stdout + lost.stderr).not.toContain("secret-word");
    }
  });
});

it("ledger restored asks the database for its world, and marks every chain", async () => {
  using home = temporaryFolder();
  const { environment } = await homeWithPicture(home.path);
  const marked = await spotmeter(["ledger", "restored", "--note=a dump", "--json"], environment);
  expect(marked).toMatchObject({ code: 0, stderr: "" });
  expect(marked.json()).toEqual({
    ...{ world: "sandbox", roots: 1, spooled: 0, voided: 0, problems: [] },
  });
  const verified = await spotmeter(["verify", "--json"], environment);
  // Account, key, hold, settle, cost, restore.
  expect(verified.json()).toMatchObject({ ok: true, entries: 6, receipts: 1 });
});
