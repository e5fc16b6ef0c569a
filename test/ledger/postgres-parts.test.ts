import { describe, expect, it } from "vitest";
import type { Command } from "../../src/ledger/engine/commands.ts";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { bigintArray, textArray } from "../../src/ledger/postgres/binary-arrays.ts";
import type { Lane, Outcome } from "../../src/ledger/postgres/lane.ts";
import { openLanes } from "../../src/ledger/postgres/lanes.ts";
import { Shelf } from "../../src/ledger/postgres/shelf.ts";
import { textIn } from "../../src/ledger/sql/rows.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { connect } from "./postgres-audit.ts";

describe("arrays in the server's binary form", () => {
  const postgres = usePostgres();

  async function sent(type: "text" | "bigint", array: Buffer): Promise<unknown> {
    const client = await connect(postgres().adminUrl);
    const { rows } = await client.query(
      `SELECT to_json($1::${type}[]) #>> '{}' AS array, cardinality($1) AS length`,
      [array],
    );
    await client.end();
    return rows;
  }

  it("whole numbers arrive to the last digit, and NULL as NULL", async () => {
    const values = [0n, -1n, 9_223_372_036_854_775_807n, null, -9_223_372_036_854_775_808n];
    expect(await sent("bigint", bigintArray(values))).toEqual([
      { array: "[0,-1,9223372036854775807,null,-9223372036854775808]", length: 5 },
    ]);
  });

  it("text arrives letter by letter, the empty one and NULL apart", async () => {
    const values = ["", null, 'a"\\{},', "ü😀", "NULL"];
    expect(await sent("text", textArray(values))).toEqual([
      { array: JSON.stringify(values), length: 5 },
    ]);
  });

  it("a lone surrogate, which UTF-8 has not, becomes U+FFFD", async () => {
    expect(await sent("text", textArray(["a\uD800"]))).toEqual([
      { array: '["a\uFFFD"]', length: 1 },
    ]);
  });

  it("none is none", async () => {
    expect(await sent("text", textArray([]))).toEqual([{ array: "[]", length: 0 }]);
  });
});

describe("a shelf", () => {
  const rows = [{ id: "a", word: "x" }];
  function shelf(keeps: "all" | "rows" | "nothing") {
    const read = (row: object) => ({
      id: textIn({ ...row }, "id"),
      word: textIn({ ...row }, "word"),
    });
    return new Shelf({ sql: "", read, keyOf: ({ id }) => [id], keeps });
  }

  it("says that what was never loaded isn't there, and that it is missing", () => {
    const words = shelf("all");
    expect(words.get("a")).toBeUndefined();
    expect(words.missing).toEqual([["a"]]);
    words.fill(words.missing, rows);
    expect(words.isMissingSomething).toBe(false);
    expect(words.get("a")).toEqual({ id: "a", word: "x" });
  });

  it("knows that what was loaded in vain isn't there", () => {
    const words = shelf("all");
    words.want(["b"]);
    words.fill([["b"]], rows);
    expect(words.get("b")).toBeUndefined();
    expect(words.isMissingSomething).toBe(false);
  });

  it.each([
    { keeps: "all", row: false, absence: false },
    { keeps: "rows", row: false, absence: true },
    { keeps: "nothing", row: true, absence: true },
  ] as const)("one that keeps $keeps asks again accordingly", ({ keeps, row, absence }) => {
    const words = shelf(keeps);
    words.fill([["a"], ["b"]], rows);
    words.rest();
    words.get("a");
    expect(words.isMissingSomething).toBe(row);
    words.clear();
    words.fill([["a"], ["b"]], rows);
    words.rest();
    words.get("b");
    expect(words.isMissingSomething).toBe(absence);
  });

  it("remembers what the last transaction asked for, whatever became of it", () => {
    const words = shelf("all");
    words.get("a");
    words.rest();
    words.clear();
    expect(words.askedBefore).toEqual([["a"]]);
    words.rest();
    expect(words.askedBefore).toEqual([]);
  });
});

describe("lanes", () => {
  const done: Outcome = { kind: "done", result: null };
  const command: Command = {
    name: "revokeKey",
    argument: { keyId: "key_1", actor: "test" },
  };
  const most = { lanes: 2, keys: 100, commandsBetween: 1 };

  /** Counts how often a root's lane was opened. */
  function counting(size: (root: string) => number, ask: Lane["ask"] = async () => done) {
    const opened: string[] = [];
    const open = (root: string): Lane => {
      opened.push(root);
      return { ask, drained: async () => undefined, size: () => size(root) };
    };
    return { opened, open };
  }

  it("a root keeps its lane; the one that was idle longest is dropped when there are too many", async () => {
    const { opened, open } = counting(() => 1);
    const lanes = openLanes(open, most);
    for (const root of ["a", "b", "a", "c", "a", "b"]) await lanes.ask(root, command);
    // The third root pushed out b, which was asked before a.
    expect(opened).toEqual(["a", "b", "c", "b"]);
  });

  it("one that keeps too much in memory is dropped", async () => {
    const { opened, open } = counting((root) => (root === "big" ? 101 : 1));
    const lanes = openLanes(open, most);
    for (const root of ["big", "a", "big"]) await lanes.ask(root, command);
    expect(opened).toEqual(["big", "a", "big"]);
  });

  it("a busy one is never dropped: its root would have two orders", async () => {
    const waiting: ((outcome: Outcome) => void)[] = [];
    const { opened, open } = counting(
      () => 101,
      () => new Promise((resolve) => waiting.push(resolve)),
    );
    const lanes = openLanes(open, most);
    const asked = ["a", "b", "c", "a"].map((root) => lanes.ask(root, command));
    for (const resolve of waiting) resolve(done);
    await Promise.all(asked);
    expect(opened).toEqual(["a", "b", "c"]);
  });

  it("closed ones take nothing more", async () => {
    const lanes = openLanes(counting(() => 1).open, most);
    await lanes.close();
    await expect(lanes.ask("a", command)).rejects.toThrow(LedgerUnavailable);
  });
});
