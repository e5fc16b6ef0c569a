import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../src/gateway/api-keys.ts";
import type { NewAccount } from "../../src/ledger/accounts-port.ts";
import { openLedger } from "../../src/ledger/open.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";

/** An account to begin with: what it is, and what it was funded with. */
export type Seed = Partial<Pick<NewAccount, "limits" | "settings">> & {
  readonly funds?: string;
  /** The name of a seed before it: the account above. */
  readonly below?: string;
};

export type SeededHome = Disposable & {
  readonly home: string;
  /** By the seeds' names: the account and its one key. */
  readonly of: (name: string) => Seeded;
};

type Seeded = { readonly accountId: string; readonly keyId: string; readonly key: string };

/** A sandbox's home whose ledger holds these accounts before any gateway has opened it. */
export async function seedHome(seeds: Readonly<Record<string, Seed>>): Promise<SeededHome> {
  const home = mkdtempSync(join(tmpdir(), "spotmeter-seeded-"));
  const ledger = await openLedger({ home, world: "sandbox" });
  const made = new Map<string, Seeded>();
  const of = (name: string): Seeded => {
    const found = made.get(name);
    if (found === undefined) throw new Error(`no account ${name} was seeded`);
    return found;
  };
  for (const [name, { funds, below, limits = {}, settings = {} }] of Object.entries(seeds)) {
    const prepaid = funds !== undefined;
    const parentId = below === undefined ? null : of(below).accountId;
    const request = { name, parentId, prepaid, limits, settings, actor: "test" };
    const account = await ledger.createAccount(request);
    if (account.kind === "refused") throw new Error(`account ${name}: ${account.reason}`);
    const accountId = account.account.id;
    if (prepaid) {
      const fund = { accountId, amount: parseUsd(funds), actor: "test", entryId: `fund_${name}` };
      await ledger.fund(fund);
    }
    const { id, key, sha256 } = makeKey("sandbox");
    await ledger.createKey({ id, sha256, accountId, name, actor: "test" });
    made.set(name, { accountId, keyId: id, key });
  }
  await ledger.close();
  return {
    home,
    of,
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}
