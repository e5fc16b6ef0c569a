import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { MUG_ORDER, spotmeter, temporaryFolder } from "./spotmeter.ts";

it("an entry edited by hand is found, named, and ends verify with 1", async () => {
  using home = temporaryFolder();
  const environment = { SPOTMETER_HOME: home.path };
  const made = await spotmeter(
    ["generate", ...MUG_ORDER, `--out=${home.path}`, "--json"],
    environment,
  );
  expect(made.code).toBe(0);
  const database = new DatabaseSync(join(home.path, "sandbox.sqlite"));
  // Append-only is a trigger; whoever edits the file by hand gets past it.
  const triggers = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${String(name)}"`);
  database.exec("UPDATE entries SET text = replace(text, '5985000000', '5985000001')");
  database.close();

  const json = await spotmeter(["verify", "--json"], environment);
  expect(json).toMatchObject({ code: 1, stderr: "" });
  expect(json.json()).toMatchObject({
    ok: false,
    first_discrepancy: { entry: expect.any(String), what: "hash" },
  });
  const words = await spotmeter(["verify"], environment);
  expect(words.code).toBe(1);
  expect(words.stdout).toMatch(/^DISCREPANCY in .*sandbox\.sqlite/);
});
