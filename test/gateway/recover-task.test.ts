import { describe, expect, it } from "vitest";
import type { Catalog } from "../../src/catalog/find.ts";
import { recoverTask } from "../../src/gateway/recover-task.ts";
import { composer } from "../../src/http/composer.ts";
import type { LedgerCall } from "../../src/ledger/port.ts";
import type { ResultStore } from "../../src/results/port.ts";
import type { ImageVendor, TaskEnding } from "../../src/vendors/port.ts";
import { usd } from "../ledger/fixtures.ts";
import { connectedVendor } from "./fake-connections.ts";

/** A task that outlived its gateway is asked after over the very connection that submitted it. */

const asked: string[] = [];
const resume: NonNullable<ImageVendor["resume"]> = ({ taskId, connection }) => {
  asked.push(`${taskId} with ${connection.key}`);
  return Promise.resolve<TaskEnding>({ kind: "failed" });
};
const connections = [
  connectedVendor("a", { vendor: { id: "one", resume } }),
  connectedVendor("b", { vendor: { id: "one", resume }, accounts: ["acct_other"] }),
  connectedVendor("c", { vendor: { id: "two", resume } }),
  connectedVendor("d", { vendor: { id: "three" } }),
];

const catalog = { models: [] } as unknown as Catalog;
// A call without an intent keeps no answer.
const noResults = {} as unknown as ResultStore;

function recover(of: { vendor: string; connection: string; taskId?: string | null }) {
  asked.length = 0;
  // Of the call only its hold's id is read where the task has failed.
  const call = { hold: { id: "rcpt_1", facts: { n: 1 } } } as LedgerCall;
  return recoverTask(
    {
      holdId: "rcpt_1",
      accountId: "acct_1",
      amount: usd("1"),
      vendorAmount: usd("1"),
      createdMs: 0,
      taskId: "t1",
      process: null,
      ...of,
    },
    {
      ledger: {
        call: () => Promise.resolve(call),
        hasIntent: () => Promise.resolve(false),
        findKey: () => Promise.resolve(undefined),
      },
      connections,
      ...{ catalog, results: noResults, composer },
    },
  );
}

describe("recovery asks after a task", () => {
  it("over the connection that the hold names, whoever may use it now", async () => {
    const ending = { kind: "void", outcome: "failed", holdId: "rcpt_1" };
    expect(await recover({ vendor: "one", connection: "b" })).toMatchObject(ending);
    expect(asked).toEqual(["t1 with key of b"]);
    expect(await recover({ vendor: "two", connection: "c" })).toMatchObject(ending);
    expect(asked).toEqual(["t1 with key of c"]);
  });

  it.each([
    ["the connection is gone", { vendor: "one", connection: "z" }],
    ["its id is another vendor's by now", { vendor: "two", connection: "a" }],
    ["its vendor has no tasks", { vendor: "three", connection: "d" }],
    ["no task was noted", { vendor: "one", connection: "a", taskId: null }],
  ])("never over another: when %s the outcome is unknown", async (_when, of) => {
    expect(await recover(of)).toBe("unknown");
    expect(asked).toEqual([]);
  });
});
