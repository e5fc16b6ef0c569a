import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MUG_ORDER, spotmeter, startServer, temporaryFolder } from "./spotmeter.ts";

/** A sandbox home in which one picture was made, and its receipt in a folder of its own. */
async function homeWithReceipt(home: string) {
  const environment = { SPOTMETER_HOME: home };
  const made = await spotmeter(["generate", ...MUG_ORDER, `--out=${home}`, "--json"], environment);
  const id: string = made.json().receipt_id;
  const receipt = await spotmeter(["receipt", id, "--json"], environment);
  const receipts = join(home, "receipts");
  mkdirSync(receipts);
  writeFileSync(join(receipts, `${id}.json`), receipt.stdout);
  return { environment, receipts };
}

describe("verify", () => {
  it("checks the heads of a day and the receipts that were handed out", async () => {
    using home = temporaryFolder();
    const { environment, receipts } = await homeWithReceipt(home.path);
    const folder = join(home.path, "heads");
    const [day = "no heads"] = readdirSync(folder);
    expect(day).toMatch(/^sandbox-\d{4}-\d{2}-\d{2}\.jsonl$/);
    const proofs = [`--head=${join(folder, day)}`, `--receipts=${receipts}`];
    const json = await spotmeter(["verify", ...proofs, "--json"], environment);
    expect(json).toMatchObject({ code: 0, stderr: "" });
    expect(json.json()).toMatchObject({ ok: true, heads_checked: 1, receipts_checked: 1 });
    const words = await spotmeter(["verify", ...proofs], environment);
    expect(words.stdout).toContain("1 heads on their chains, 1 receipts as handed out");
    const part = await spotmeter(["verify", "--incremental"], environment);
    expect(part).toMatchObject({ code: 0 });
    expect(part.stdout).toContain("no checkpoint so far: everything was read");
  });

  it("says what it can't check against, and ends with 2", async () => {
    using home = temporaryFolder();
    const { environment, receipts } = await homeWithReceipt(home.path);
    const none = await spotmeter(["verify", "--head=none.jsonl", "--json"], environment);
    expect(none.code).toBe(2);
    expect(none.json().error.message).toContain("none.jsonl");
    writeFileSync(join(receipts, "other.json"), "{}");
    const other = await spotmeter(["verify", `--receipts=${receipts}`], environment);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("other.json: not a receipt");
  });
});

describe("ledger", () => {
  it("backs up beside a running gateway, and restores when it has gone", async () => {
    using home = temporaryFolder();
    const { environment, receipts } = await homeWithReceipt(home.path);
    const file = join(home.path, "backup.sqlite");
    {
      await using server = await startServer(["serve", "--port=0"], environment);
      const backup = await spotmeter(["ledger", "backup", file, "--json"], environment);
      expect(backup).toMatchObject({ code: 0, stderr: "" });
      // Account, key, hold, settle, cost.
      expect(backup.json()).toMatchObject({ file, world: "sandbox", entries: 5, receipts: 1 });
      expect(backup.json().heads).toHaveLength(1);
      const again = await spotmeter(["ledger", "backup", file], environment);
      expect(again).toMatchObject({ code: 1, stdout: "" });
      expect(again.stderr).toContain("is there already");
      const refused = await spotmeter(
        ["ledger", "restore", file, "--replace", "--json"],
        environment,
      );
      expect(refused.code).toBe(1);
      expect(refused.json().error).toMatchObject({ code: "gateway_running" });
      server.child.kill("SIGTERM");
      await server.finished;
    }
    const there = await spotmeter(["ledger", "restore", file, "--json"], environment);
    expect(there.json().error).toMatchObject({ code: "ledger_exists" });
    const restored = await spotmeter(["ledger", "restore", file, "--replace"], environment);
    expect(restored.code).toBe(0);
    expect(restored.stdout).toMatch(/^restored: .*sandbox\.sqlite \(5 entries, verified\)$/m);
    expect(restored.stdout).toMatch(/^ {2}kept aside {2}.*sandbox-replaced-\d{8}T\d{6}Z\.sqlite$/m);
    const verified = await spotmeter(["verify", `--receipts=${receipts}`, "--json"], environment);
    // The restore of the one account.
    expect(verified.json()).toMatchObject({ ok: true, entries: 6, receipts_checked: 1 });
    const made = await spotmeter(
      ["generate", ...MUG_ORDER, `--out=${home.path}`, "--json"],
      environment,
    );
    expect(made.code).toBe(0);
  });

  it("says that a ledger was put back by other means", async () => {
    using home = temporaryFolder();
    const { environment } = await homeWithReceipt(home.path);
    const marked = await spotmeter(
      ["ledger", "restored", "--note=a disk image", "--json"],
      environment,
    );
    expect(marked.json()).toEqual({
      ...{ world: "sandbox", roots: 1, spooled: 0, voided: 0, problems: [] },
    });
    const verified = await spotmeter(["verify", "--json"], environment);
    expect(verified.json()).toMatchObject({ ok: true, entries: 6 });
  });

  it.each([
    { command: "backup", tool: "pg_dump --format=custom" },
    { command: "restore", tool: "pg_restore --clean" },
  ])("$command leaves a ledger in PostgreSQL to its own tools", async ({ command, tool }) => {
    using home = temporaryFolder();
    const run = await spotmeter(["ledger", command, "file", "--json"], {
      ...{ SPOTMETER_HOME: home.path, DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" },
    });
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({ code: "ledger_in_postgresql" });
    expect(run.json().error.message).toContain(tool);
  });

  it("names what is no backup", async () => {
    using home = temporaryFolder();
    const environment = { SPOTMETER_HOME: home.path };
    const file = join(home.path, "text.sqlite");
    writeFileSync(file, "not a database");
    const run = await spotmeter(["ledger", "restore", file, "--json"], environment);
    expect(run.code).toBe(1);
    expect(run.json().error).toMatchObject({ code: "no_ledger" });
    const none = await spotmeter(["ledger", "backup", "file", "--json"], environment);
    expect(none.code).toBe(2);
  });
});
