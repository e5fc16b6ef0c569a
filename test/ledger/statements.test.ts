import { describe, expect, it } from "vitest";
import { formatUsd } from "../../src/money/pico-usd.ts";
import { Tally } from "../../src/statements/tally.ts";
import { usePostgres } from "../postgres/use-postgres.ts";
import { usd } from "./fixtures.ts";
import { auditedPostgres } from "./postgres-audited.ts";
import { auditedSqlite } from "./sqlite-audited.ts";
import { statementContract } from "./statement-contract.ts";

statementContract("SQLite", auditedSqlite);
statementContract("PostgreSQL", auditedPostgres(usePostgres()));

describe("a correction of a charge", () => {
  it.each([
    { law: "posted as the last entry before the month is a credit note", at: 7, credited: "-0.02" },
    { law: "posted as the first entry of the month is within it", at: 8, credited: "0" },
  ])("$law", ({ at, credited }) => {
    const tally = new Tally({ opening: { sequence: 7, hash: "" } });
    const call = { holdId: "rcpt_1", accountId: "acct_1", model: "m", quality: null, tags: {} };
    const correction = {
      ...{ entryId: "fix_1", corrects: "rcpt_1.end", createdMs: 0, reason: "" },
      ...{ before: usd("0.05"), after: usd("0.03"), within: true },
      ...{ settledSequence: at, settledMs: 0 },
      of: "charge",
      call: { ...call, run: null, month: "2026-11", images: 1 },
    } as const;
    tally.add({ settled: [], voided: 0, corrections: [correction], fundings: [], next: null });
    expect(formatUsd(tally.credited)).toBe(credited);
  });
});
