import type { Command } from "commander";
import { accountInFull, accountText } from "./account-text.ts";
import { Misuse } from "./failures.ts";
import { integer, usd } from "./flags.ts";
import { withGateway } from "./gateway.ts";
import type { HttpCall } from "./http-client.ts";
import {
  type AutoFlags,
  autoGiven,
  type Change,
  given,
  type LimitFlags,
  limitsGiven,
  withAuto,
  withLimits,
  withoutAuto,
  withoutLimits,
} from "./node-flags.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readAnswer } from "./wire.ts";
import { type Account, accountAnswer, fundAnswer } from "./wire-admin.ts";

type SetFlags = LimitFlags &
  AutoFlags & {
    readonly name?: string;
    readonly marginBasisPoints?: number;
    readonly marginFixed?: string;
    readonly margin?: false;
    readonly exposurePerHour?: Change<string>;
    readonly vendorCostPerDay?: Change<string>;
    readonly vendorCostPerMonth?: Change<string>;
    readonly retainNone?: boolean;
  };

/** `accounts set|move|fund|limit`: what changes an account. */
export function addChanges(accounts: Command, terminal: Terminal): void {
  addSet(accounts, terminal);
  addMove(accounts, terminal);
  addFund(accounts, terminal);
  addLimit(accounts, terminal);
}

function addSet(accounts: Command, terminal: Terminal): void {
  const set = accounts
    .command("set")
    .description("change what is given; everything else stays")
    .argument("<account-id>")
    .option("--name <name>", "what to call it");
  withoutAuto(withAuto(withoutLimits(withLimits(set))))
    .option(
      "--margin-basis-points <points>",
      "added to the price, in hundredths of a percent",
      integer,
    )
    .option("--margin-fixed <usd>", "added to the price of each request", usd)
    .option("--no-margin", "no margin of its own: that of the account above, if any")
    .option("--exposure-per-hour <usd>", "roots: what may be lost or unknown an hour", usd)
    .option("--no-exposure-per-hour", "roots: the default again, 5 USD")
    .option("--vendor-cost-per-day <usd>", "roots: what vendors may bill a UTC day", usd)
    .option("--no-vendor-cost-per-day", "roots: no such limit")
    .option("--vendor-cost-per-month <usd>", "roots: what vendors may bill a UTC month", usd)
    .option("--no-vendor-cost-per-month", "roots: no such limit")
    .option("--retain-none", "keep no answers to be given again, here and below")
    .option("--no-retain-none", "keep them again, unless an account above says no")
    .action(async (accountId: string, flags: SetFlags, command: Command) => {
      const session = openSession(command, terminal);
      const body = changeOf(flags);
      const path = accountPath(accountId);
      const account = await ask(session, { method: "PATCH", path, body });
      terminal.result(account, () => accountInFull(account));
    });
}

/** @throws Misuse when nothing is to be changed, or a margin is both given and taken away. */
function changeOf(flags: SetFlags): object {
  const margin = given({ basis_points: flags.marginBasisPoints, fixed: flags.marginFixed });
  if (margin !== undefined && flags.margin === false) {
    throw new Misuse("give --margin-basis-points and --margin-fixed, or --no-margin alone");
  }
  const body = given({
    name: flags.name,
    limits: limitsGiven(flags),
    auto_as: autoGiven(flags),
    margin: flags.margin === false ? false : margin,
    house_limits: given({
      exposure_per_hour: flags.exposurePerHour,
      vendor_cost_per_day: flags.vendorCostPerDay,
      vendor_cost_per_month: flags.vendorCostPerMonth,
    }),
    retain: flags.retainNone === true ? "none" : flags.retainNone,
  });
  if (body === undefined) throw new Misuse("nothing to change: --help lists what can be set");
  return body;
}

function addMove(accounts: Command, terminal: Terminal): void {
  accounts
    .command("move")
    .description("hang an account, with all below it, below another one of its root")
    .argument("<account-id>")
    .requiredOption("--to <parent-id>", "the account below which it will stand")
    .action(async (accountId: string, flags: { readonly to: string }, command: Command) => {
      const session = openSession(command, terminal);
      const path = `${accountPath(accountId)}/move`;
      const account = await ask(session, { method: "POST", path, body: { parent_id: flags.to } });
      terminal.result(account, () => `moved ${accountText(account)}`);
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
      const path = `${accountPath(accountId)}/fund`;
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

type ReplacingFlags = {
  readonly day?: string;
  readonly month?: string;
  readonly total?: string;
  readonly none?: true;
};

function addLimit(accounts: Command, terminal: Terminal): void {
  accounts
    .command("limit")
    .description("replace an account's limits; one that is left out no longer limits")
    .argument("<account-id>")
    .option("--day <usd>", "at most this a UTC day", usd)
    .option("--month <usd>", "at most this a UTC month", usd)
    .option("--total <usd>", "at most this for ever", usd)
    .option("--none", "no limit at all")
    .action(async (accountId: string, flags: ReplacingFlags, command: Command) => {
      const session = openSession(command, terminal);
      const { none = false, ...limits } = flags;
      const body = given(limits);
      // Without a flag this would lift every limit; that must be said in so many words.
      if ((body === undefined) !== none) {
        throw new Misuse("give --day, --month or --total, or --none alone");
      }
      const path = `${accountPath(accountId)}/limits`;
      const account = await ask(session, { method: "PUT", path, body: body ?? {} });
      terminal.result(account, () => accountText(account));
    });
}

function accountPath(accountId: string): string {
  return `/admin/v1/accounts/${encodeURIComponent(accountId)}`;
}

async function ask(session: Session, call: Omit<HttpCall, "key">): Promise<Account> {
  const answer = await withGateway(session, (gateway) => gateway.administer(call));
  return readAnswer(accountAnswer, answer.body);
}
