import type { Command } from "commander";
import { accountInFull, accountText, treeText } from "./account-text.ts";
import { addChanges } from "./accounts-change.ts";
import { withGateway } from "./gateway.ts";
import {
  type AutoFlags,
  autoGiven,
  given,
  type LimitFlags,
  limitsGiven,
  withAuto,
  withLimits,
} from "./node-flags.ts";
import { openSession } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import { accountAnswer, accountsAnswer } from "./wire-admin.ts";

type CreateFlags = LimitFlags &
  AutoFlags & { readonly name: string; readonly parent?: string; readonly prepaid?: true };

/** `accounts create|list|show|set|move|fund|limit`: a tree of who pays, and how much at most. */
export function addAccounts(program: Command, terminal: Terminal): void {
  const accounts = program.command("accounts").description("who pays, and how much at most");
  addCreate(accounts, terminal);
  addList(accounts, terminal);
  addShow(accounts, terminal);
  addChanges(accounts, terminal);
}

function addCreate(accounts: Command, terminal: Terminal): void {
  const create = accounts
    .command("create")
    .description("make an account: a root, or one below another")
    .requiredOption("--name <name>", "what to call it")
    .option("--parent <id>", "the account below which it stands; left out: a root")
    .option("--prepaid", "a root that spends only what it was funded with");
  withAuto(withLimits(create)).action(async (flags: CreateFlags, command: Command) => {
    const session = openSession(command, terminal);
    const body = {
      name: flags.name,
      prepaid: flags.prepaid ?? false,
      ...given({
        parent_id: flags.parent,
        limits: limitsGiven(flags),
        auto_as: autoGiven(flags),
      }),
    };
    const answer = await withGateway(session, (gateway) =>
      gateway.administer({ method: "POST", path: "/admin/v1/accounts", body }),
    );
    const account = readAnswer(accountAnswer, answer.body);
    const { id, name, prepaid } = account;
    terminal.result({ id, name, prepaid }, () => `made ${accountText(account)}`);
  });
}

function addList(accounts: Command, terminal: Terminal): void {
  accounts
    .command("list")
    .description("the tree of accounts with its figures")
    .option("--below <id>", "one account with all below it")
    .action(async ({ below }: { readonly below?: string }, command: Command) => {
      const session = openSession(command, terminal);
      const query = below === undefined ? "" : `?below=${encodeURIComponent(below)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "GET", path: `/admin/v1/accounts${query}` }),
      );
      const list = readAnswer(accountsAnswer, answer.body);
      terminal.result(list, () => treeText(list.data));
    });
}

function addShow(accounts: Command, terminal: Terminal): void {
  accounts
    .command("show")
    .description("one account with all that is set at it")
    .argument("<account-id>")
    .action(async (accountId: string, _flags: object, command: Command) => {
      const session = openSession(command, terminal);
      const path = `/admin/v1/accounts/${encodeURIComponent(accountId)}`;
      const answer = await withGateway(session, (gateway) =>
        gateway.administer({ method: "GET", path }),
      );
      const account = readAnswer(accountAnswer, answer.body);
      terminal.result(account, () => accountInFull(account));
    });
}
