import type { Account } from "../ledger/accounts-port.ts";
import type { Ledger } from "../ledger/port.ts";
import { statementJson } from "../ledger/statement-entry.ts";
import type {
  JournalMonth,
  StatementBalance,
  StatementFigures,
  StoredStatement,
} from "../ledger/statements-port.ts";
import { addUsd, type PicoUsd, subtractUsd, sumUsd } from "../money/pico-usd.ts";
import { type StatementFacts, statementMembers } from "./statement-json.ts";
import { difference, Tally } from "./tally.ts";

/** What a statement is drawn up from. */
type Asked = {
  readonly account: Account;
  readonly month: string;
  readonly ledger: Ledger;
  readonly emulated: boolean;
};

/** Entries may come between a draft and its issue only while the month before may still get some. */
const TRIES = 5;

/**
 * Issues the statement of an account and month, or gives back the one that stands.
 *
 * @returns `month_not_over` while the store's clock says so.
 */
export async function issueStatement(
  asked: Asked & { readonly actor: string },
): Promise<{ readonly statement: StoredStatement; readonly isNew: boolean } | "month_not_over"> {
  const { account, month, ledger, actor } = asked;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const { place, figures, members } = await drawUp(asked, false);
    const { opening, closing, isHead } = place;
    const draft = { month, actor, opening, closing, isHead, figures, members };
    const result = await ledger.issueStatement({ accountId: account.id, ...draft });
    if (result.kind === "issued") return result;
    if (result.kind === "refused") {
      if (result.reason === "month_not_over") return result.reason;
      throw new Error(`account ${account.id} is gone`);
    }
  }
  throw new Error(`${month} of ${account.id}: entries kept coming in while it was drawn up`);
}

/** The same of a month that may go on: not stored, without a number, marked. */
export async function draftStatement(asked: Asked): Promise<string> {
  const { members } = await drawUp(asked, true);
  return statementJson(members, null);
}

async function drawUp(asked: Asked, draft: boolean) {
  const { account, month, ledger, emulated } = asked;
  const place = await ledger.journalMonth({ accountId: account.id, month });
  if (place === undefined) throw new Error(`account ${account.id} is gone`);
  const tally = new Tally(place);
  await readInto(tally, account.id, place, ledger);
  const balance = await balanceOf(asked, place, tally);
  const figures = figuresOf(tally, balance);
  const below = await ledger.listAccounts(account.id);
  const names = new Map(below.map(({ id, name }) => [id, name]));
  const path = await pathTo(account, ledger);
  const facts: StatementFacts = {
    ...{ account, path, names, month, place, tally, figures, emulated, draft },
  };
  return { place, figures, members: statementMembers(facts) };
}

async function readInto(
  tally: Tally,
  accountId: string,
  { root, opening, closing }: JournalMonth,
  ledger: Ledger,
): Promise<void> {
  let after: number | null = opening.sequence;
  while (after !== null) {
    const slice = await ledger.movements({ root, accountId, after, until: closing.sequence });
    tally.add(slice);
    after = slice.next;
  }
}

function figuresOf(tally: Tally, balance: StatementBalance | null): StatementFigures {
  const { charged, settled, corrected, credited } = tally;
  const { calls, images } = charged;
  const total = addUsd(charged.charge, credited);
  return { calls, images, settled, corrected, credited, total, balance };
}

/** Only a prepaid root has a balance; what stands below it spends from that. */
async function balanceOf(
  { account, ledger }: Asked,
  { root, opening, closing }: JournalMonth,
  tally: Tally,
): Promise<StatementBalance | null> {
  if (!account.prepaid) return null;
  const begin = await ledger.balanceAt({ root, sequence: opening.sequence });
  const funded = sumUsd(tally.fundings.map(({ amount }) => amount));
  const fundsCorrected = sumUsd(tally.fundCorrections.map(difference));
  const total = addUsd(tally.charged.charge, tally.credited);
  const end: PicoUsd = subtractUsd(addUsd(addUsd(begin, funded), fundsCorrected), total);
  const read = await ledger.balanceAt({ root, sequence: closing.sequence });
  if (read !== end) throw new Error(`balance of ${root}: ${read} p$ in the books, ${end} p$ here`);
  return { opening: begin, funded, fundsCorrected, closing: end };
}

/** From the root down to the account. */
async function pathTo(account: Account, ledger: Ledger): Promise<readonly Account[]> {
  const path = [account];
  for (let { parentId } = account; parentId !== null; ) {
    const above = await ledger.account(parentId);
    if (above === undefined) throw new Error(`account ${parentId} is gone`);
    path.unshift(above);
    parentId = above.parentId;
  }
  return path;
}
