import type { Command } from "commander";
import { Misuse } from "./failures.ts";
import { usd } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import { openSession } from "./session.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { type Account, accountAnswer, accountsAnswer, fundAnswer, readAnswer } from "./wire.ts";

type LimitFlags = { readonly day?: string; readonly month?: string; readonly total?: string };

/** `accounts create|list|fund|limit`: who pays, and how much at most. */
export function addAccounts(program: Command, terminal: Terminal): void {
  const accounts = program.command("accounts").description("who pays, and how much at most");
  addCreate(accounts, terminal);
  addList(accounts, terminal);
  addFund(accounts, terminal);
  addLimit(accounts, terminal);
}

function addCreate(accounts: Command, terminal: Terminal): void {
  withLimits(accounts.command("create"))
    .description("make an account")
    .requiredOption("--name <name>", "what to call it")
    .option("--prepaid", "it spends only what it was funded with")
    .action(
      async (
        flags: LimitFlags & { readonly name: string; readonly prepaid?: true },
        command: Command,
      ) => {
        const session = openSession(command, terminal);
        const limits = limitsOf(flags);
        const body = {
          name: flags.name,
          prepaid: flags.prepaid ?? false,
          ...(Object.keys(limits).length === 0 ? {} : { limits }),
        };
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({ method: "POST", path: "/admin/v1/accounts", body }),
        );
        const account = readAnswer(accountAnswer, answer.body);
        const { id, name, prepaid } = account;
        terminal.result({ id, name, prepaid }, () => `made ${accountText(account)}`);
      },
    );
}

function addList(accounts: Command, terminal: Terminal): void {
  accounts
    .command("list")
    .description("every account with its figures")
    .action(async (_flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "GET", path: "/admin/v1/accounts" }),
      );
      const list = readAnswer(accountsAnswer, answer.body);
      terminal.result(list, () => listText(list.data));
    });
}

function addFund(accounts: Command, terminal: Terminal): void {
  accounts
    .command("fund")
    .description("add to a prepaid account's balance")
    .argument("<account-id>")
    .argument("<usd>", "US dollars, such as 25 or 12.50", usd)
    .action(async (accountId: string, amount: string, _flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const path = `/admin/v1/accounts/${encodeURIComponent(accountId)}/fund`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "POST", path, body: { amount } }),
      );
      const {
        account_id,
        entry_id,
        amount: added,
        available,
      } = readAnswer(fundAnswer, answer.body);
      terminal.result(
        { account_id, entry_id, amount: added, available },
        () =>
          `added ${added} USD to ${account_id} (${entry_id}); available ${available ?? "unlimited"}`,
      );
    });
}

function addLimit(accounts: Command, terminal: Terminal): void {
  withLimits(accounts.command("limit"))
    .description("replace an account's limits; one that is left out no longer limits")
    .argument("<account-id>")
    .option("--none", "no limit at all")
    .action(
      async (accountId: string, flags: LimitFlags & { readonly none?: true }, command: Command) => {
        const session = openSession(command, terminal);
        const body = limitsOf(flags);
        // Without a flag this would lift every limit; that must be said in so many words.
        if ((Object.keys(body).length === 0) !== (flags.none ?? false)) {
          throw new Misuse("give --day, --month or --total, or --none alone");
        }
        const path = `/admin/v1/accounts/${encodeURIComponent(accountId)}/limits`;
        const answer = await withGateway(session, (gateway) =>
          gateway.administer({ method: "PUT", path, body }),
        );
        const account = readAnswer(accountAnswer, answer.body);
        terminal.result(account, () => accountText(account));
      },
    );
}

function withLimits(command: Command): Command {
  return command
    .option("--day <usd>", "at most this a UTC day", usd)
    .option("--month <usd>", "at most this a UTC month", usd)
    .option("--total <usd>", "at most this for ever", usd);
}

function limitsOf({ day, month, total }: LimitFlags): Record<string, string> {
  return {
    ...(day === undefined ? {} : { day }),
    ...(month === undefined ? {} : { month }),
    ...(total === undefined ? {} : { total }),
  };
}

function accountText(account: Account): string {
  const kind = account.prepaid ? "prepaid" : "pay later";
  return `${account.id} (${account.name}), ${kind}, limits: ${limitsText(account)}, available: ${account.available ?? "unlimited"}`;
}

function limitsText({ limits }: Account): string {
  const texts = Object.entries(limits).map(([window, amount]) => `${window} ${amount}`);
  return texts.length === 0 ? "none" : texts.join(", ");
}

function listText(accounts: readonly Account[]): string {
  const settled = alignPoints(accounts.map((account) => account.settled));
  const held = alignPoints(accounts.map((account) => account.held));
  const available = alignPoints(accounts.map((account) => account.available ?? "unlimited"));
  return table(
    [
      { name: "account" },
      { name: "name" },
      { name: "kind" },
      { name: "settled" },
      { name: "held" },
      { name: "available" },
      { name: "limits (USD)" },
    ],
    accounts.map((account, index) => [
      account.id,
      account.name,
      account.prepaid ? "prepaid" : "pay later",
      settled[index] ?? "",
      held[index] ?? "",
      available[index] ?? "",
      limitsText(account),
    ]),
  );
}
