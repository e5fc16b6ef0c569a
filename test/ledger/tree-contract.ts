import { describe, expect, it } from "vitest";
import { Bench, figures, type OpenStore, printed } from "./bench.ts";
import { holdOf, newAccount, newParty, settleFlat, usd } from "./fixtures.ts";
import { grow, growLine, keyOf } from "./grow.ts";

/** The laws of the tree: accounts below accounts, limits at every node, moves. */
export function treeContract(name: string, open: OpenStore): void {
  describe(`${name}: the tree`, () => {
    const bench = new Bench(open);
    const move = (accountId: string, parentId: string) =>
      bench.ledger.moveAccount({ accountId, parentId, actor: "me" });

    /** What accounts have settled and held, as text. */
    async function used(...accountIds: readonly string[]) {
      const all = await Promise.all(
        accountIds.map((accountId) => figures(bench.ledger, { accountId, keyId: "" })),
      );
      return all.map(({ settled, held }) => `${settled} settled, ${held} held`);
    }

    describe("accounts below accounts", () => {
      it("an account below another is of its root, and as prepaid as that", async () => {
        const { accountId } = await newParty(bench.ledger, { fund: "1" });
        const request = { name: "Team", parentId: accountId, prepaid: false, limits: {} };
        const team = await newAccount(bench.ledger, { ...request, actor: "me" });
        expect(team).toMatchObject({ rootId: accountId, parentId: accountId, prepaid: false });
        expect(team.credits).toEqual({
          ...{ settled: 0n, held: 0n, available: usd("1"), prepaid: true },
        });
      });

      it("stands at most six levels deep", async () => {
        const line = await growLine(bench.ledger, 6);
        const seventh = { name: "x", parentId: line.at(-1) ?? "", prepaid: false, limits: {} };
        expect(await bench.ledger.createAccount({ ...seventh, actor: "me" })).toEqual({
          kind: "refused",
          reason: "too_deep",
        });
        expect(await bench.ledger.listAccounts()).toHaveLength(6);
      });

      it("a call of the lowest account ends and is mended by whoever knows nothing of it yet", async () => {
        const line = await growLine(bench.ledger, 6);
        const hold = holdOf(await keyOf(bench.ledger, line.at(-1) ?? ""), { n: 2 });
        await bench.ledger.hold(hold);
        await bench.reopen();
        expect(await used(...line)).toEqual(line.map(() => "0 settled, 0.1 held"));
        expect(await bench.ledger.end(settleFlat(hold))).toMatchObject({ kind: "posted" });
        await bench.reopen();
        expect(await used(...line)).toEqual(line.map(() => "0.1 settled, 0 held"));
        const corrects = { entryId: "mended", corrects: `${hold.id}.end`, amount: usd("0.06") };
        const mended = await bench.ledger.correct({ ...corrects, reason: "r", actor: "me" });
        expect(mended).toMatchObject({ kind: "corrected", before: usd("0.1") });
        expect(await used(...line)).toEqual(line.map(() => "0.06 settled, 0 held"));
      });

      it("only a root is prepaid, and a parent must be an account that is there", async () => {
        const party = await newParty(bench.ledger);
        const request = { name: "x", limits: {}, actor: "me" };
        const create = (parentId: string, prepaid = false) =>
          bench.ledger.createAccount({ ...request, parentId, prepaid });
        expect([
          await create(party.accountId, true),
          await create("acct_none"),
          await create(party.keyId),
        ]).toEqual([
          { kind: "refused", reason: "prepaid_below_root" },
          { kind: "refused", reason: "unknown_parent" },
          { kind: "refused", reason: "unknown_parent" },
        ]);
      });

      it("lists parents before children, all or those below one", async () => {
        const [root = "", below = "", lowest = ""] = await growLine(bench.ledger, 3);
        bench.now += 1;
        const second = await grow(bench.ledger, root);
        const other = await grow(bench.ledger, null);
        const ids = async (of?: string) =>
          (await bench.ledger.listAccounts(of)).map((account) => account.id);
        expect(await ids()).toEqual([root, below, lowest, second, other]);
        expect(await ids(below)).toEqual([below, lowest]);
        expect(await ids("acct_none")).toEqual([]);
      });
    });

    describe("limits at every node", () => {
      it.each([
        { at: "key", limit: "day" },
        { at: "account", limit: "month" },
        { at: "middle", limit: "total" },
        { at: "root", limit: "day" },
      ] as const)("a hold must fit the $limit of its $at", async ({ at, limit }) => {
        const limitsOf = (node: string) => (node === at ? { [limit]: "0.10" } : {});
        const root = await grow(bench.ledger, null, limitsOf("root"));
        const middle = await grow(bench.ledger, root, limitsOf("middle"));
        const account = await grow(bench.ledger, middle, limitsOf("account"));
        const party = await keyOf(bench.ledger, account, { limits: limitsOf("key") });
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
        expect(printed(await bench.ledger.hold(holdOf(party, { n: 2 })))).toEqual({
          kind: "refused",
          limit,
          node: { key: party.keyId, account, middle, root }[at],
          required: "0.1",
          available: "0.05",
        });
      });

      it("the tightest of all refuses; of equal ones the nearest to the key", async () => {
        const root = await grow(bench.ledger, null, { day: "0.15", month: "0.10" });
        const account = await grow(bench.ledger, root, { total: "0.10" });
        const party = await keyOf(bench.ledger, account, { limits: { month: "0.20" } });
        expect(printed(await bench.ledger.hold(holdOf(party, { n: 5 })))).toMatchObject({
          ...{ limit: "total", node: account, available: "0.1" },
        });
      });

      it("a hold counts at every node above it and at no other", async () => {
        const root = await grow(bench.ledger, null);
        const [left, right] = [await grow(bench.ledger, root), await grow(bench.ledger, root)];
        const hold = holdOf(await keyOf(bench.ledger, left), { n: 3 });
        await bench.ledger.hold(hold);
        expect(await used(root, left, right)).toEqual([
          "0 settled, 0.15 held",
          "0 settled, 0.15 held",
          "0 settled, 0 held",
        ]);
        await bench.ledger.end(settleFlat(hold, 2));
        expect(await used(root, left, right)).toEqual([
          "0.1 settled, 0 held",
          "0.1 settled, 0 held",
          "0 settled, 0 held",
        ]);
      });

      it("siblings share what their parent has: 40 parallel holds of two fit eight times", async () => {
        const root = await grow(bench.ledger, null, { total: "0.40" });
        const parties = [
          await keyOf(bench.ledger, await grow(bench.ledger, root)),
          await keyOf(bench.ledger, await grow(bench.ledger, root)),
        ];
        const results = await Promise.all(
          Array.from({ length: 20 }, () => parties.map((party) => holdOf(party)))
            .flat()
            .map((hold) => bench.ledger.hold(hold)),
        );
        expect(results.filter((result) => result.kind === "held")).toHaveLength(8);
        expect(await used(root)).toEqual(["0 settled, 0.4 held"]);
      });

      it("what is available to an account is what the tightest node above it leaves", async () => {
        const root = await grow(bench.ledger, null, { day: "1" });
        const account = await grow(bench.ledger, root, { total: "0.30" });
        const party = await keyOf(bench.ledger, account, { limits: { day: "0.10" } });
        // A key's own limit bounds the key, not its account.
        expect((await figures(bench.ledger, party)).available).toBe("0.3");
        await bench.ledger.hold(holdOf(party));
        expect((await figures(bench.ledger, party)).available).toBe("0.25");
      });

      it("a limit that changes above holds for the next order below", async () => {
        const root = await grow(bench.ledger, null);
        const party = await keyOf(bench.ledger, await grow(bench.ledger, root));
        expect(await bench.ledger.hold(holdOf(party))).toMatchObject({ kind: "held" });
        const limits = { day: usd("0.09") };
        await bench.ledger.changeNode({ nodeId: root, limits, actor: "me" });
        expect(printed(await bench.ledger.hold(holdOf(party)))).toMatchObject({
          ...{ limit: "day", node: root, available: "0.04" },
        });
      });
    });

    describe("moves", () => {
      it("a hold ends where it began; the next one counts where its account hangs then", async () => {
        const root = await grow(bench.ledger, null);
        const [from, to] = [await grow(bench.ledger, root), await grow(bench.ledger, root)];
        const account = await grow(bench.ledger, from);
        const party = await keyOf(bench.ledger, account);
        const first = holdOf(party, { n: 2 });
        await bench.ledger.hold(first);
        expect(await move(account, to)).toEqual({ kind: "moved" });
        expect(await bench.ledger.account(account)).toMatchObject({ parentId: to });
        await bench.ledger.hold(holdOf(party));
        await bench.ledger.end(settleFlat(first));
        expect(await used(root, from, to, account)).toEqual([
          "0.1 settled, 0.05 held",
          "0.1 settled, 0 held",
          "0 settled, 0.05 held",
          "0.1 settled, 0.05 held",
        ]);
      });

      it("takes all below along, and their keys", async () => {
        const root = await grow(bench.ledger, null);
        const [from, to] = [await grow(bench.ledger, root), await grow(bench.ledger, root)];
        const middle = await grow(bench.ledger, from);
        const lowest = await grow(bench.ledger, middle);
        const { keyId } = await keyOf(bench.ledger, lowest);
        await move(middle, to);
        expect((await bench.ledger.findKey(keyId))?.accountPath).toEqual([
          ...[lowest, middle, to, root],
        ]);
      });

      it("to where it hangs already is done, and writes nothing", async () => {
        const [root = "", account = ""] = await growLine(bench.ledger, 2);
        expect(await move(account, root)).toEqual({ kind: "moved" });
        const hold = holdOf(await keyOf(bench.ledger, account));
        await bench.ledger.hold(hold);
        // root 1, account 2, key 3, hold 4
        expect((await bench.ledger.call(hold.id))?.hold.chain.sequence).toBe(4);
      });

      it("stay within their root, make no circle and no root less", async () => {
        const [root = "", account = "", below = ""] = await growLine(bench.ledger, 3);
        const elsewhere = await grow(bench.ledger, null);
        const { keyId } = await keyOf(bench.ledger, account);
        const refusals = [
          await move("acct_none", root),
          await move(keyId, root),
          await move(account, "acct_none"),
          await move(root, account),
          await move(account, elsewhere),
          await move(account, account),
          await move(account, below),
        ];
        expect(refusals).toEqual(
          [
            ...["unknown_account", "unknown_account", "unknown_parent", "is_root"],
            ...["another_root", "cycle", "cycle"],
          ].map((reason) => ({ kind: "refused", reason })),
        );
        expect(await bench.ledger.account(account)).toMatchObject({ parentId: root });
      });

      it("leave no account below the sixth level", async () => {
        const line = await growLine(bench.ledger, 5);
        const [root = "", , , fourth = "", fifth = ""] = line;
        const twoLevels = await grow(bench.ledger, root);
        await grow(bench.ledger, twoLevels);
        expect(await move(twoLevels, fifth)).toEqual({ kind: "refused", reason: "too_deep" });
        expect(await move(twoLevels, fourth)).toEqual({ kind: "moved" });
      });

      it("nor one that is made in the same moment", async () => {
        const line = await growLine(bench.ledger, 5);
        const account = await grow(bench.ledger, line[0] ?? "");
        const request = { name: "x", parentId: account, prepaid: false, limits: {}, actor: "me" };
        const results = await Promise.all([
          bench.ledger.createAccount(request),
          move(account, line[4] ?? ""),
        ]);
        expect(results.filter((result) => result.kind === "refused")).toEqual([
          { kind: "refused", reason: "too_deep" },
        ]);
      });
    });

    describe("what is set at nodes", () => {
      it("a change adds to what is set; null takes a part away", async () => {
        const root = await grow(bench.ledger, null, { day: "1", month: "2" });
        const change = (what: object) =>
          bench.ledger.changeNode({ nodeId: root, actor: "me", ...what });
        await change({ limits: { day: null, total: usd("3") } });
        await change({ name: "Renamed", settings: { autoAs: { quality: "low" } } });
        await change({ settings: { margin: { basisPoints: 500, fixed: usd("0.01") } } });
        expect(await bench.ledger.account(root)).toMatchObject({
          name: "Renamed",
          limits: { month: usd("2"), total: usd("3") },
          settings: {
            autoAs: { quality: "low" },
            margin: { basisPoints: 500, fixed: usd("0.01") },
          },
        });
        await change({ limits: { month: null, total: null }, settings: { autoAs: null } });
        const after = await bench.ledger.account(root);
        expect(after?.limits).toEqual({});
        expect(after?.settings).toEqual({ margin: { basisPoints: 500, fixed: usd("0.01") } });
      });

      it("a key is changed like an account, and an id that isn't there not at all", async () => {
        const { keyId } = await newParty(bench.ledger);
        const change = { limits: { total: usd("1") }, settings: { tags: { team: "shop" } } };
        const of = { ...change, name: "Shop", actor: "me" };
        expect(await bench.ledger.changeNode({ nodeId: keyId, ...of })).toBe(true);
        expect(await bench.ledger.findKey(keyId)).toMatchObject({ name: "Shop", ...change });
        expect(await bench.ledger.changeNode({ nodeId: "key_none", ...of })).toBe(false);
      });

      it("a key has each default from the nearest node, the margin from the nearest account", async () => {
        const [root = "", account = ""] = await growLine(bench.ledger, 2);
        const { keyId } = await keyOf(bench.ledger, account, {
          settings: { autoAs: { size: "1024x1024" } },
        });
        const set = (nodeId: string, settings: object) =>
          bench.ledger.changeNode({ nodeId, actor: "me", settings });
        const margin = { basisPoints: 100, fixed: usd("0") };
        await set(root, { autoAs: { quality: "low", size: "auto" }, margin });
        expect(await bench.ledger.findKey(keyId)).toMatchObject({
          autoAs: { quality: "low", size: "1024x1024", by: { quality: "account", size: "key" } },
          margin,
        });
        const nearer = { basisPoints: 0, fixed: usd("0.02") };
        await set(account, { autoAs: { quality: "medium" }, margin: nearer });
        expect(await bench.ledger.findKey(keyId)).toMatchObject({
          autoAs: { quality: "medium", size: "1024x1024" },
          margin: nearer,
        });
      });
    });
  });
}
