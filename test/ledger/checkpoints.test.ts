import { describe, expect, it } from "vitest";
import { type Reads, WorkingSet } from "../../src/ledger/engine/working-set.ts";
import { Writing } from "../../src/ledger/postgres/write.ts";
import { checkpointsDue } from "../../src/ledger/sql/checkpoints.ts";
import { checkpointContract } from "./checkpoint-contract.ts";
import { usd } from "./fixtures.ts";
import { auditedSqlite } from "./sqlite-audited.ts";

checkpointContract("SQLite", auditedSqlite);

describe("checkpointsDue", () => {
  /** A transaction's set: a root whose chain goes from one sequence to another. */
  function setWith(roots: readonly { root: string; from: bigint; to: bigint }[]): WorkingSet {
    const none = () => {
      throw new Error("nothing is read");
    };
    const reads = new Proxy({} as Reads, { get: () => none });
    const set = new WorkingSet(reads);
    for (const { root, from, to } of roots) {
      for (let sequence = from; sequence <= to; sequence += 1n) {
        const id = `${root}-${sequence}`;
        set.append({ root, sequence, id, kind: "task", createdMs: 5, text: "{}", hash: "h" });
      }
      const zero = usd("0");
      const books = { cash: zero, available: zero, held: zero, revenue: zero, house: zero };
      set.roots.set(root, {
        ...{ root, sequence: to, hash: `head of ${root}`, version: 1n, adoptableUntilMs: 0 },
        books: { ...books, vendor_payable: zero },
      });
    }
    return set;
  }

  it.each([
    { from: 1n, to: 9n, due: [] },
    { from: 1n, to: 10n, due: [10n] },
    { from: 9n, to: 12n, due: [12n] },
    { from: 10n, to: 10n, due: [10n] },
    { from: 11n, to: 19n, due: [] },
    { from: 5n, to: 33n, due: [33n] },
  ])("entries $from to $to, one after every 10: $due", ({ from, to, due }) => {
    const rows = checkpointsDue(setWith([{ root: "r", from, to }]), 10n);
    expect(rows.map((row) => row.sequence)).toEqual(due);
  });

  it("every root has its own, at its own head", () => {
    const set = setWith([
      { root: "a", from: 8n, to: 11n },
      { root: "b", from: 1n, to: 3n },
      { root: "c", from: 20n, to: 20n },
    ]);
    expect(checkpointsDue(set, 10n)).toMatchObject([
      { root: "a", sequence: 11n, hash: "head of a", createdMs: 5 },
      { root: "c", sequence: 20n, hash: "head of c", createdMs: 5 },
    ]);
    expect(checkpointsDue(set)).toEqual([]);
  });

  it.each([
    { from: 1n, to: 9n, last: ["insert_roots"] },
    { from: 9n, to: 12n, last: ["insert_roots", "insert_checkpoints", "keep_counters"] },
  ])(
    "PostgreSQL sends them behind all others, and nothing where none is due: $from to $to",
    (of) => {
      const { from, to, last } = of;
      const statements = new Writing(setWith([{ root: "r", from, to }]), 10n).rest();
      expect(statements.map(({ name }) => name)).toEqual(last);
    },
  );
});
