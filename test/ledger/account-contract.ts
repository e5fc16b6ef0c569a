import { describe, expect, it } from "vitest";
import { storedPrice } from "../../src/ledger/price-text.ts";
import { Bench, NOON, type OpenStore } from "./bench.ts";
import { flatPrice, holdOf, newAccount, newParty, usd } from "./fixtures.ts";

/** The laws of accounts, keys and price versions. */
export function accountContract(name: string, open: OpenStore): void {
  describe(`${name}: accounts, keys and prices`, () => {
    const bench = new Bench(open);

    describe("accounts and keys", () => {
      it("an account is shown as it was made, with its figures", async () => {
        const account = await newAccount(bench.ledger, {
          name: "Shop „Nord“ 🛒",
          prepaid: true,
          limits: { month: usd("12.50") },
          actor: "cli",
        });
        expect(account).toEqual({
          id: account.id,
          rootId: account.id,
          parentId: null,
          settings: {},
          name: "Shop „Nord“ 🛒",
          prepaid: true,
          limits: { month: usd("12.5") },
          createdMs: NOON,
          credits: { settled: 0n, held: 0n, available: 0n, prepaid: true },
        });
        await bench.reopen();
        expect(await bench.ledger.listAccounts()).toEqual([account]);
      });

      it("changes limits, and says that there is no such account", async () => {
        const { accountId } = await newParty(bench.ledger, { limits: { day: "1" } });
        const limits = { total: usd("3") };
        const change = { limits: { day: null, ...limits }, actor: "me" };
        expect(await bench.ledger.changeNode({ nodeId: accountId, ...change })).toBe(true);
        expect((await bench.ledger.account(accountId))?.limits).toEqual(limits);
        expect(await bench.ledger.changeNode({ nodeId: "acct_none", ...change })).toBe(false);
      });

      it("a key is found by its public id and stays found when revoked, once", async () => {
        const { accountId, keyId } = await newParty(bench.ledger);
        const key = await bench.ledger.findKey(keyId);
        expect(key).toMatchObject({ id: keyId, accountId, revokedMs: null });
        bench.now += 5;
        const revoked = await bench.ledger.revokeKey({ keyId, actor: "me" });
        bench.now += 5;
        expect(await bench.ledger.revokeKey({ keyId, actor: "me" })).toEqual(revoked);
        expect(revoked).toEqual({ ...key, revokedMs: NOON + 5 });
        expect(await bench.ledger.findKey(keyId)).toEqual(revoked);
        const found = await bench.ledger.findKey(keyId);
        if (found === undefined) throw new Error("the key is gone");
        const { accountPath: _, autoAs: __, margin: ___, retain: ____, ...listed } = found;
        expect(await bench.ledger.listKeys(accountId)).toEqual([listed]);
      });

      it("keys are listed by account or all, and need an account", async () => {
        const [one, two] = [await newParty(bench.ledger), await newParty(bench.ledger)];
        const ids = (keys: readonly { id: string }[]) => keys.map((key) => key.id).sort();
        expect(ids(await bench.ledger.listKeys(two.accountId))).toEqual([two.keyId]);
        expect(ids(await bench.ledger.listKeys(undefined))).toEqual([one.keyId, two.keyId].sort());
        expect(await bench.ledger.findKey(one.accountId)).toBeUndefined();
        expect(await bench.ledger.revokeKey({ keyId: "key_none", actor: "me" })).toBeUndefined();
        const orphan = { id: "key_x", accountId: "acct_none", name: "k", sha256: "0".repeat(64) };
        expect(await bench.ledger.createKey({ ...orphan, actor: "me" })).toBeUndefined();
      });

      it("a name that a column would lose is a bug", async () => {
        const account = { prepaid: false, limits: {}, actor: "me" };
        for (const name of ["a\ud800", "a\0b"]) {
          await expect(bench.ledger.createAccount({ ...account, name })).rejects.toThrow(
            "storable",
          );
        }
      });
    });

    describe("prices and worlds", () => {
      const changed = { ...flatPrice, checkedOn: "2026-02-02" };

      it("a price version already used may not change in the catalog", async () => {
        const party = await newParty(bench.ledger);
        await bench.ledger.hold(holdOf(party));
        await expect(bench.reopen([storedPrice(changed)])).rejects.toThrow(
          "changes price versions already used: made-up-flat@2026-01-01",
        );
        await bench.reopen([storedPrice(flatPrice)]);
        expect(await bench.ledger.openHolds()).toHaveLength(1);
      });

      it("nor in a hold", async () => {
        const party = await newParty(bench.ledger);
        await bench.ledger.hold(holdOf(party));
        await expect(bench.ledger.hold(holdOf(party, { price: changed }))).rejects.toThrow(
          "used with another content",
        );
      });

      it("a price version that nobody used may change", async () => {
        await bench.reopen([storedPrice(changed)]);
        expect(await bench.ledger.listAccounts()).toEqual([]);
      });
    });
  });
}
