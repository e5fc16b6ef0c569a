import { afterAll, beforeAll, expect } from "vitest";
import type { Account } from "../../src/ledger/accounts-port.ts";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import type { StoredStatement } from "../../src/ledger/statements-port.ts";
import { draftStatement, issueStatement } from "../../src/statements/issue.ts";
import { type Statement, statementSchema } from "../../src/statements/statement-schema.ts";
import type { OpenStore } from "./bench.ts";
import { holdOf, nextId, type Party, settleFlat, usd } from "./fixtures.ts";

import { newHome } from "./new-home.ts";

/** An instant of UTC, such as `2026-11-30T23:59`. */
export function at(text: string): number {
  return Date.parse(`${text}Z`);
}

function read(json: string): Statement {
  return statementSchema.parse(JSON.parse(json));
}

/** One ledger for all tests, each with roots of its own, and the few things that statements are made of. */
export class StatementBench {
  readonly home = newHome();
  now = 0;
  readonly #open: OpenStore;
  #ledger: Ledger | undefined;

  constructor(open: OpenStore) {
    this.#open = open;
    beforeAll(() => this.reopen());
    afterAll(() => this.#ledger?.close());
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error("no ledger is open");
    return this.#ledger;
  }

  async reopen(): Promise<void> {
    await this.#ledger?.close();
    const { home } = this;
    // Often: balances are read from the nearest checkpoint on, and incremental runs begin at the newest.
    const checkpointEvery = 25n;
    const nowMs = () => this.now;
    this.#ledger = await this.#open({ home, world: "sandbox", nowMs, checkpointEvery });
  }

  async #asked(id: string, month: string) {
    const account: Account | undefined = await this.ledger.account(id);
    if (account === undefined) throw new Error(`no account ${id}`);
    return { account, month, ledger: this.ledger, emulated: true };
  }

  async tryToIssue(id: string, month: string, ledger: Ledger = this.ledger) {
    return issueStatement({ ...(await this.#asked(id, month)), ledger, actor: "accounting" });
  }

  async issue(id: string, month: string): Promise<StoredStatement> {
    const issued = await this.tryToIssue(id, month);
    if (issued === "month_not_over") throw new Error(`${month} isn't over`);
    return issued.statement;
  }

  async issued(id: string, month: string): Promise<Statement> {
    return read((await this.issue(id, month)).json);
  }

  async draft(id: string, month: string): Promise<Statement> {
    return read(await draftStatement(await this.#asked(id, month)));
  }

  async hold(party: Party, of: Partial<HoldRequest> & { readonly n?: number } = {}) {
    const { n = 1, ...change } = of;
    const held = { ...holdOf(party, { n }), ...change };
    expect((await this.ledger.hold(held)).kind).toBe("held");
    return held;
  }

  async settle(held: HoldRequest, quality: string | null = null): Promise<void> {
    await this.ledger.end({ ...settleFlat(held), qualityBilled: quality });
  }

  /** A call of n flat images at 0.05 USD. */
  async call(party: Party, n = 1): Promise<HoldRequest> {
    const held = await this.hold(party, { n });
    await this.settle(held);
    return held;
  }

  /** Lowers a charge. Returns the id of the correction. */
  async correct(held: HoldRequest, amount: string): Promise<string> {
    const entryId = nextId("correction");
    const of = { entryId, corrects: `${held.id}.end`, actor: "me", reason: "blurred" };
    expect((await this.ledger.correct({ ...of, amount: usd(amount) })).kind).toBe("corrected");
    return entryId;
  }
}
