import path from "node:path";
import type { Ledger } from "../../src/ledger/port.ts";
import { openSpool, type Spool } from "../../src/ledger/spool.ts";
import type { OpenStore } from "../ledger/bench.ts";
import { Auditor } from "./auditor.ts";
import { Dice } from "./dice.ts";
import { type Answered, explain } from "./explain.ts";
import {
  type EndOrder,
  type Figures,
  type House,
  type Order,
  type Outcome,
  show,
} from "./language.ts";
import { answerTo, Papers } from "./papers.ts";

/** A store, and what the simulation must know of it. */
export type SimulatedStore = {
  readonly name: string;
  readonly open: OpenStore;
  /** How many ledgers may be open on one home at a time. */
  readonly clients: number;
  /** The text of every entry, read past the ledger. */
  readonly journal: (home: string) => Promise<readonly string[]>;
  /** Computes the whole ledger a second time; throws when it is wrong. */
  readonly verify: (home: string) => Promise<void>;
};

/** A gateway process: a ledger of its own, and a spool. */
export type Client = {
  readonly process: string;
  readonly ledger: Ledger;
  readonly spool: Spool;
  readonly spooled: Spooled;
};

/** What a spool's file holds. */
export type Spooled = {
  readonly folder: string;
  readonly onDisk: EndOrder[];
  /** Not posted yet by the process itself. */
  waiting: EndOrder[];
  /** A line was refused, so that the file stays. */
  rejected: boolean;
};

const TRACED = 40;
/** Every world begins here: a summer noon. */
const BEGINNING = Date.UTC(2026, 5, 19, 12);

/** A ledger under simulation beside its auditor, and the clock and the dice that drive both. */
export class World {
  readonly seed: number;
  readonly dice: Dice;
  readonly store: SimulatedStore;
  readonly home: string;
  readonly papers = new Papers();
  auditor = new Auditor();
  nowMs = BEGINNING;
  step = 0;
  clients: readonly Client[] = [];
  /** Spools of processes that are gone, which nobody has replayed yet. */
  lostSpools: Spooled[] = [];
  /** What has been asked, newest last, to be asked again. */
  history: Order[] = [];
  connectionLimits: { readonly [connection: string]: House } = {};
  readonly #trace: string[] = [];
  /** Whose root the only client knows by heart, so that it asks without a look-up before. */
  readonly #known = new Set<string>();
  #serial = 0;

  constructor(of: {
    readonly seed: number;
    readonly store: SimulatedStore;
    readonly home: string;
  }) {
    this.seed = of.seed;
    this.dice = new Dice(of.seed);
    this.store = of.store;
    this.home = of.home;
  }

  /** A number that nothing else in this world has; as text it sorts by age. */
  serial(): string {
    this.#serial += 1;
    return String(this.#serial).padStart(7, "0");
  }

  anyClient(): Client {
    const client = this.dice.pick(this.clients);
    if (client === undefined) throw new Error("no client is open");
    return client;
  }

  async openClient(): Promise<Client> {
    const { home } = this;
    const process = `process-${this.serial()}`;
    const nowMs = () => this.nowMs;
    const ledger = await this.store.open({ home, world: "sandbox", nowMs });
    const folder = path.join(home, "spools", process);
    const spooled = { folder, onDisk: [], waiting: [], rejected: false };
    const client = { process, ledger, spool: openSpool(folder), spooled };
    this.clients = [...this.clients, client];
    this.#known.clear();
    return client;
  }

  /** Leaves the process's file and its open holds behind. */
  async loseClient(client: Client): Promise<void> {
    this.clients = this.clients.filter((other) => other !== client);
    await client.ledger.close();
    await client.spool.close();
  }

  /** Gives orders at the same time, each to any client, and has the auditor explain the answers. */
  async ask(orders: readonly Order[]): Promise<void> {
    const inTurn = orders.every((order) => this.keepsItsTurn(order, orders));
    const answered = await this.answers(orders);
    await this.explain(answered, inTurn);
  }

  /** Whether an order reaches the only client's queue in the moment in which it is given, among others. */
  keepsItsTurn(order: Order, among: readonly Order[] = []): boolean {
    if (this.clients.length > 1) return false;
    if (order.do === "hold") return this.#known.has(order.account);
    if (order.do !== "end") return false;
    const before = among.slice(0, among.indexOf(order));
    const heldNow = before.some((other) => other.do === "hold" && other.hold === order.hold);
    return this.#known.has(order.hold) || heldNow;
  }

  /** Gives orders and leaves it to the caller to have the answers explained. */
  async answers(orders: readonly Order[]): Promise<readonly Answered[]> {
    const asked = orders.map((order) => {
      return { order, answer: answerTo(order, this.anyClient().ledger, this.papers) };
    });
    return Promise.all(
      asked.map(async ({ order, answer }) => {
        const { outcome, said } = await answer;
        this.note(`${show(order)}\n    -> ${show(outcome)} ${said}`);
        this.history = [...this.history.slice(-TRACED), order];
        this.#learn(order, outcome);
        return { order, outcome };
      }),
    );
  }

  /** @throws Error naming seed and step when no order of events explains what the ledger said. */
  async explain(answered: readonly Answered[], inTurn = false): Promise<void> {
    const shown = await this.shown();
    const { auditor: before, nowMs } = this;
    const agrees = (after: Auditor): boolean => show(after.figures(nowMs)) === show(shown);
    const after = explain({ before, answered, nowMs, inTurn, agrees });
    if (after === undefined) throw this.failure(this.#unexplained(answered, shown));
    this.auditor = after;
  }

  /** Every account as the ledger shows it, by the auditor's names. */
  async shown(): Promise<readonly Figures[]> {
    const accounts = await this.anyClient().ledger.listAccounts();
    return accounts
      .map(({ name, parentId, limits, credits }) => {
        const parent = parentId === null ? null : this.papers.nameOf(parentId);
        const { settled, held, available } = credits;
        return { name, parent, limits, settled, held, available };
      })
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Compares what a ledger tells with what the auditor expects of it. */
  expect(what: string, told: unknown, expected: unknown): void {
    if (show(told) === show(expected)) return;
    const [only, missing] = [without(told, expected), without(expected, told)];
    throw this.failure([`${what}:`, `  told     ${show(only)}`, `  expected ${show(missing)}`]);
  }

  note(line: string): void {
    this.#trace.push(`  ${this.step} ${new Date(this.nowMs).toISOString()} ${line}`);
    if (this.#trace.length > TRACED) this.#trace.shift();
  }

  failure(lines: readonly string[]): Error {
    const where = `SEED=${this.seed}: step ${this.step} on ${this.store.name}`;
    return new Error([where, ...this.#trace, "and then", ...lines].join("\n"));
  }

  #unexplained(answered: readonly Answered[], shown: readonly Figures[]): readonly string[] {
    const straight = new Auditor(this.auditor);
    const answers = answered.map(({ order, outcome }) => {
      const due = straight.take(order, this.nowMs);
      const wrong = show(due) === show(outcome) ? "" : `\n    due ${show(due)}`;
      return `${show(order)}\n    ->  ${show(outcome)}${wrong}`;
    });
    const due = new Map(straight.figures(this.nowMs).map((figures) => [figures.name, figures]));
    const figures = shown
      .filter((each) => show(each) !== show(due.get(each.name)))
      .map((each) => `${each.name} shows ${show(each)}\n    due ${show(due.get(each.name))}`);
    return [...answers, ...figures];
  }

  #learn(order: Order, outcome: Outcome | undefined): void {
    if (outcome === undefined) return;
    if (order.do === "hold") {
      this.#known.add(order.account);
      if (outcome.kind === "held") this.#known.add(order.hold);
    }
    // The root of an ended hold is forgotten.
    if (order.do === "end") this.#known.delete(order.hold);
  }
}

/** Of lists only what the other one lacks. */
function without(list: unknown, other: unknown): unknown {
  if (!Array.isArray(list) || !Array.isArray(other)) return list;
  const known = new Set(other.map(show));
  return list.filter((item) => !known.has(show(item)));
}
