import type { NodeSettings } from "../../src/ledger/accounts-port.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { keyHash, newAccount, nextId, type Party, usd } from "./fixtures.ts";

/** Limits as a reader says them. */
export type LimitTexts = {
  readonly day?: string;
  readonly month?: string;
  readonly total?: string;
};

function limitsIn(texts: LimitTexts) {
  const entries = Object.entries(texts).map(([name, text]): [string, ReturnType<typeof usd>] => {
    return [name, usd(text)];
  });
  return Object.fromEntries(entries);
}

/** An account that pays later, below another one or a root. Returns its id. */
export async function grow(
  ledger: Ledger,
  parentId: string | null,
  limits: LimitTexts = {},
): Promise<string> {
  const request = { name: "Grown", parentId, prepaid: false, limits: limitsIn(limits) };
  const { id } = await newAccount(ledger, { ...request, actor: "test" });
  return id;
}

/** A line of accounts, each below the one before, the root first. */
export async function growLine(ledger: Ledger, levels: number): Promise<readonly string[]> {
  const line: string[] = [];
  for (let level = 0; level < levels; level += 1) {
    line.push(await grow(ledger, line.at(-1) ?? null));
  }
  return line;
}

/** A key of an account. */
export async function keyOf(
  ledger: Ledger,
  accountId: string,
  of: { readonly limits?: LimitTexts; readonly settings?: NodeSettings } = {},
): Promise<Party> {
  const { limits = {}, settings = {} } = of;
  const keyId = nextId("key");
  const key = { id: keyId, accountId, name: "k", sha256: keyHash(), actor: "test" };
  const made = await ledger.createKey({ ...key, limits: limitsIn(limits), settings });
  if (made === undefined) throw new Error(`no account ${accountId}`);
  return { accountId, keyId };
}
