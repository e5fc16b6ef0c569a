import type { Ending, HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { LedgerUnavailable } from "../../src/ledger/port.ts";
import { type PicoUsd, picoUsd } from "../../src/money/pico-usd.ts";
import {
  type AccountOrder,
  type ChangeOrder,
  type CorrectOrder,
  type FundOrder,
  type House,
  type KeyOrder,
  type Limits,
  type MoveOrder,
  type Order,
  type Outcome,
  show,
} from "./language.ts";

/** What a ledger is given for an order: its own ids, and the whole of what the order only sums up. */
export class Papers {
  /** By content: what an order is told apart by from another one of the same id. */
  readonly holds = new Map<string, HoldRequest>();
  readonly endings = new Map<string, Ending>();
  readonly #contents = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** Files an ending. @param content stands for it, unless a same one was filed before. */
  fileEnding(ending: Ending, content: string): string {
    const text = show(ending);
    const filed = this.#contents.get(text) ?? content;
    this.#contents.set(text, filed);
    this.endings.set(filed, ending);
    return filed;
  }

  /** The id that a ledger gave to an account; other names are ids themselves. */
  idOf(name: string): string {
    return this.#ids.get(name) ?? name;
  }

  nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }

  note(name: string, id: string): void {
    this.#ids.set(name, id);
    this.#names.set(id, name);
  }
}

/** Gives an order to a ledger. Undefined when nobody knows what came of it. */
export async function answerTo(
  order: Order,
  ledger: Ledger,
  papers: Papers,
): Promise<{ readonly outcome: Outcome | undefined; readonly said: string }> {
  try {
    const outcome = await ask(order, ledger, papers);
    return { outcome, said: "" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof LedgerUnavailable) return { outcome: undefined, said: error.message };
    // The id of an ending is its hold's: another content for it is a bug and no conflict.
    const conflict = error.message.includes("was posted with another content");
    return { outcome: { kind: conflict ? "conflict" : "bug" }, said: error.message };
  }
}

async function ask(order: Order, ledger: Ledger, papers: Papers): Promise<Outcome> {
  switch (order.do) {
    case "account":
      return askAccount(order, ledger, papers);
    case "key":
      return askKey(order, ledger, papers);
    case "change":
      return askChange(order, ledger, papers);
    case "move":
      return askMove(order, ledger, papers);
    case "fund":
      return askFund(order, ledger, papers);
    case "hold":
      return heldOutcome(await ledger.hold(paper(papers.holds, order.content)), papers);
    case "end":
      return { kind: (await ledger.end(paper(papers.endings, order.content))).kind };
    case "correct":
      return askCorrect(order, ledger);
    case "judge": {
      const { hold: holdId, image, kept } = order;
      const outcomes = [{ image, kept, reason: null }];
      return await ledger.noteOutcomes({ holdId, outcomes, actor: "simulation" });
    }
    case "offer":
      await ledger.noteAdoptable({ holdId: order.hold, body: order.body, untilMs: order.untilMs });
      return { kind: "offered" };
    case "task":
      await ledger.noteTask({ holdId: order.hold, taskId: order.task });
      return { kind: "noted" };
    case "revoke": {
      const key = await ledger.revokeKey({ keyId: order.key, actor: "simulation" });
      return { kind: key === undefined ? "unknown" : "revoked" };
    }
    default:
      return order satisfies never;
  }
}

function paper<Paper>(papers: ReadonlyMap<string, Paper>, content: string): Paper {
  const found = papers.get(content);
  if (found === undefined) throw new TypeError(`no paper ${content}`);
  return found;
}

async function askAccount(order: AccountOrder, ledger: Ledger, papers: Papers): Promise<Outcome> {
  const { name, parent, prepaid, limits } = order;
  const parentId = parent === null ? null : papers.idOf(parent);
  const actor = "simulation";
  const made = await ledger.createAccount({
    name,
    parentId,
    prepaid,
    limits: limitsOf(limits),
    actor,
  });
  if (made.kind === "refused") return made;
  papers.note(name, made.account.id);
  return { kind: "created" };
}

async function askKey(order: KeyOrder, ledger: Ledger, papers: Papers): Promise<Outcome> {
  const { name, account, limits } = order;
  // Unlike any other key's: names end in a number of their own.
  const sha256 = name.replace(/\D/g, "").padStart(64, "0");
  const made = await ledger.createKey({
    ...{ id: name, accountId: papers.idOf(account), name, sha256 },
    ...{ limits: limitsOf(limits), actor: "simulation" },
  });
  return { kind: made === undefined ? "unknown" : "created" };
}

async function askChange(order: ChangeOrder, ledger: Ledger, papers: Papers): Promise<Outcome> {
  const { node, limits, house, rate } = order;
  const settings = {
    ...(house === undefined ? {} : { house: house && limitsOf(house) }),
    ...(rate === undefined ? {} : { rate }),
  };
  const there = await ledger.changeNode({
    nodeId: papers.idOf(node),
    actor: "simulation",
    ...(limits === undefined ? {} : { limits: changeOf(limits) }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  });
  return { kind: there ? "changed" : "unknown" };
}

async function askMove(order: MoveOrder, ledger: Ledger, papers: Papers): Promise<Outcome> {
  const { account, parent } = order;
  const [accountId, parentId] = [papers.idOf(account), papers.idOf(parent)];
  return ledger.moveAccount({ accountId, parentId, actor: "simulation" });
}

async function askFund(order: FundOrder, ledger: Ledger, papers: Papers): Promise<Outcome> {
  const { account, entry: entryId } = order;
  const amount = picoUsd(order.amount);
  const request = { accountId: papers.idOf(account), amount, entryId, actor: "simulation" };
  const result = await ledger.fund(request);
  // What is available after it is read when others may have gone on already.
  if (result.kind === "funded") return { kind: "funded" };
  const reason: string = result.reason;
  return reason === "entry_reused" ? { kind: "conflict" } : result;
}

async function askCorrect(order: CorrectOrder, ledger: Ledger): Promise<Outcome> {
  const { entry: entryId, corrects } = order;
  const amount = picoUsd(order.amount);
  const of = { entryId, corrects, amount, reason: "a simulated bill", actor: "simulation" };
  const result = await ledger.correct(of);
  const { kind } = result;
  if (result.kind === "corrected") {
    return { kind, of: result.of, before: result.before, after: result.after };
  }
  const reason: string = result.reason;
  return reason === "entry_reused" ? { kind: "conflict" } : result;
}

/** The same outcome with names for ids. */
function heldOutcome(outcome: Outcome, papers: Papers): Outcome {
  const { node, alerts } = outcome;
  if (typeof node === "string") return { ...outcome, node: papers.nameOf(node) };
  if (!Array.isArray(alerts)) return outcome;
  const named = alerts.map((alert) => ({ ...alert, nodeId: papers.nameOf(alert.nodeId) }));
  return { ...outcome, alerts: named };
}

/** A change of limits as a ledger takes it; null takes one away. */
function changeOf(limits: Limits) {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]): [string, PicoUsd | null] => {
      return [name, limit === null ? null : picoUsd(limit)];
    }),
  );
}

/** Limits as a ledger takes them, of a node or of the house. */
export function limitsOf(limits: Limits | House) {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]): [string, PicoUsd][] =>
      typeof limit === "bigint" ? [[name, picoUsd(limit)]] : [],
    ),
  );
}
