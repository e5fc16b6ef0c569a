import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ending, HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { recoveredVoid } from "../../src/ledger/recovery.ts";
import { type PicoUsd, picoUsd, timesUsd } from "../../src/money/pico-usd.ts";
import { Bench, type OpenStore } from "./bench.ts";
import { holdOf, newParty, nextId, type Party, settleFlat, usd, voidOf } from "./fixtures.ts";
import { type Loaded, loadRun, rowEnd, sha256, states, take } from "./run-fixtures.ts";
import { type ModelCall, RunModel } from "./run-model.ts";

const IDS = ["a", "b", "c", "d"] as const;
const CENT = usd("0.01");

type Op =
  | { readonly do: "claim"; readonly row: string; readonly cents: bigint; readonly stale: boolean }
  | { readonly do: "hold"; readonly row: string; readonly n: number }
  | { readonly do: "end"; readonly at: number; readonly as: "all" | "one" | "void" | "feared" }
  | {
      readonly do: "say";
      readonly row: string;
      readonly state: "waiting" | "done" | "failed" | "unknown";
      readonly named: boolean;
      readonly stale: boolean;
    }
  | { readonly do: "retry"; readonly row: string }
  | { readonly do: "mend"; readonly at: number }
  | { readonly do: "cap"; readonly cents: bigint }
  | { readonly do: "take" | "kill" };

const row = fc.constantFrom(...IDS);
const stale = fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true));
const at = fc.nat(3);

const op: fc.Arbitrary<Op> = fc.oneof(
  ...[6, 6, 6, 6].map((weight, index) => ({
    weight,
    arbitrary: frequent()[index] ?? frequent()[0],
  })),
  fc.record({ do: fc.constant("retry" as const), row }),
  fc.record({ do: fc.constant("mend" as const), at }),
  fc.record({ do: fc.constant("cap" as const), cents: fc.constantFrom(1n, 6n) }),
  fc.record({ do: fc.constantFrom("take" as const, "kill" as const) }),
);

function frequent(): readonly [fc.Arbitrary<Op>, ...fc.Arbitrary<Op>[]] {
  return [
    fc.record({
      ...{ do: fc.constant("claim" as const), row, stale },
      cents: fc.constantFrom(4n, 5n, 10n),
    }),
    fc.record({ do: fc.constant("hold" as const), row, n: fc.constantFrom(1, 2) }),
    fc.record({
      ...{ do: fc.constant("end" as const), at },
      as: fc.constantFrom("all" as const, "one" as const, "void" as const, "feared" as const),
    }),
    fc.record({
      ...{ do: fc.constant("say" as const), row, stale, named: fc.boolean() },
      state: fc.constantFrom(...(["waiting", "done", "failed", "unknown"] as const)),
    }),
  ];
}

/** One run, done to a ledger and to the model side by side. */
class Trial {
  readonly model: RunModel;
  readonly #loaded: Loaded;
  readonly #holds = new Map<string, HoldRequest>();
  readonly #bench: Bench;
  #epoch: number;
  #process = 1;

  constructor(bench: Bench, loaded: Loaded, of: { cents: bigint; epoch: number }) {
    this.#bench = bench;
    this.#loaded = loaded;
    this.#epoch = of.epoch;
    this.model = new RunModel(IDS, of.cents);
  }

  get #ledger(): Ledger {
    return this.#bench.ledger;
  }

  get #run() {
    return this.#loaded.run;
  }

  #asked(id: string, epoch = this.#epoch) {
    return { run: this.#run, epoch, rows: [id] };
  }

  #intent(id: string): string {
    const { intent } = this.model.row(id);
    const asked = this.#loaded.rows.find((each) => each.row === id);
    return intent === 0 ? (asked?.intent ?? "") : sha256(`${asked?.intent} ${intent}`);
  }

  /** What both say of one thing that is done. */
  async step(op: Op): Promise<readonly [said: unknown, meant: unknown]> {
    switch (op.do) {
      case "claim":
        return this.#claim(op);
      case "hold":
        return this.#hold(op);
      case "end":
        return this.#end(op);
      case "say":
        return this.#say(op);
      case "retry": {
        const rows = [
          { row: op.row, intent: sha256(`${this.#base(op.row)} ${this.#next(op.row)}`) },
        ];
        const retried = await this.#ledger.retryRows({ ...this.#asked(op.row), rows });
        return [retried, { kind: "retried", rows: this.model.retry(op.row) ? 1 : 0 }];
      }
      case "mend":
        return this.#mend(op.at);
      case "cap": {
        this.model.cap += op.cents;
        const change = { maxCost: cents(this.model.cap) };
        await this.#ledger.setRun({ run: this.#run, from: ["running"], change });
        return [0, 0];
      }
      case "take":
        return this.#take();
      case "kill": {
        await this.#bench.reopen();
        await this.#ledger.beats?.forget(`gw_${this.#process}`);
        for (const open of await this.#ledger.openHolds()) {
          await this.#ledger.end(recoveredVoid(open));
          // Stories that were told before leave some behind.
          const call = this.model.call(open.holdId);
          if (call !== undefined) this.model.end(call.id, { exposure: call.amount });
        }
        return this.#take();
      }
      default:
        return op satisfies never;
    }
  }

  #base(id: string): string {
    return this.#loaded.rows.find((each) => each.row === id)?.intent ?? "";
  }

  #next(id: string): number {
    return this.model.row(id).intent + 1;
  }

  async #claim(op: Extract<Op, { do: "claim" }>) {
    const rows = [{ row: op.row, intent: this.#intent(op.row), ceiling: cents(op.cents) }];
    const epoch = op.stale ? this.#epoch - 1 : this.#epoch;
    const claimed = await this.#ledger.claimRows({ run: this.#run, epoch, rows });
    const said = claimed.kind === "decided" ? claimed.rows[0]?.kind : claimed.kind;
    return [said, op.stale ? "stale" : this.model.claim(op.row, op.cents)] as const;
  }

  /** Whoever asks, at whatever time: the process that was fenced off too. */
  async #hold(op: Extract<Op, { do: "hold" }>) {
    const scope = this.#intent(op.row);
    const hold = {
      ...holdOf(this.#loaded.party, { n: op.n }),
      run: { id: this.#run.id, row: op.row },
      admission: { process: "gw", intent: { scope, body: "b".repeat(64) } },
    };
    this.#holds.set(hold.id, hold);
    const { kind } = await this.#ledger.hold(hold);
    const call = { id: hold.id, row: op.row, amount: BigInt(op.n) * 5n };
    return [kind, this.model.hold(call)] as const;
  }

  async #end({ at: index, as }: Extract<Op, { do: "end" }>) {
    const open = this.model.calls.filter((call) => call.state === "open");
    const call = open[index % Math.max(1, open.length)];
    const hold = this.#holds.get(call?.id ?? "");
    if (call === undefined || hold === undefined) return [0, 0] as const;
    const { id, amount } = call;
    const ended: { [as in typeof as]: readonly [Ending, Partial<ModelCall>] } = {
      all: [settleFlat(hold), { charge: amount }],
      one: [settleFlat(hold, 1), { charge: 5n }],
      void: [voidOf(id), {}],
      feared: [recoveredVoid({ holdId: id, amount: hold.amount }), { exposure: amount }],
    };
    const [ending, told] = ended[as];
    const posted = await this.#ledger.end(ending);
    this.model.end(id, told);
    return [posted.kind, "posted"] as const;
  }

  async #say(op: Extract<Op, { do: "say" }>) {
    const latest = op.named ? this.model.callsOf(op.row).at(-1)?.id : undefined;
    const end = rowEnd(op.row, op.state, { receiptId: latest ?? null });
    const epoch = op.stale ? this.#epoch - 1 : this.#epoch;
    const ended = await this.#ledger
      .endRows({ run: this.#run, epoch, rows: [end] })
      .catch(() => undefined);
    const said = ended?.kind === "decided" ? ended.rows[0]?.kind : (ended?.kind ?? "bug");
    return [said, op.stale ? "stale" : this.model.endRow(op.row, op.state, latest)] as const;
  }

  /** A charge comes down to a cent, an exposure turns out to be two. */
  async #mend(index: number) {
    const made = this.model.calls.filter((call) => call.charge > 1n || call.exposure > 2n);
    const call = made[index % Math.max(1, made.length)];
    if (call === undefined) return [0, 0] as const;
    const isCharge = call.charge > 1n;
    const now = isCharge ? 1n : 2n;
    const { kind } = await this.#ledger.correct({
      ...{ entryId: nextId("fix"), reason: "bill", actor: "me", amount: cents(now) },
      corrects: `${call.id}.${isCharge ? "end" : "exposure"}`,
    });
    Object.assign(call, isCharge ? { charge: now } : { exposure: now });
    return [kind, "corrected"] as const;
  }

  async #take() {
    await this.#ledger.leaveRun({ run: this.#run, epoch: this.#epoch });
    this.#process += 1;
    const before = this.#epoch;
    this.#epoch = await take(this.#ledger, this.#run, `gw_${this.#process}`);
    return [this.#epoch, before + 1] as const;
  }

  async figures() {
    const run = await this.#ledger.run(this.#run);
    return run === undefined ? [] : [run.settled, run.held, run.exposed];
  }

  /** What the journal says of the run's calls, read as a report reads it. */
  async journal(): Promise<readonly [PicoUsd, number]> {
    const day = "2026-06-19";
    const rows = await this.#ledger.usage({ from: day, to: day, by: ["run"] });
    const own = rows.find(({ keys }) => keys[0] === this.#run.id);
    return [own?.charge ?? picoUsd(0n), own?.settled ?? 0];
  }

  recounted() {
    return this.#ledger.recountRun(this.#run);
  }

  states() {
    return states(this.#ledger, this.#run);
  }
}

function cents(count: bigint): PicoUsd {
  return timesUsd(CENT, count);
}

async function follow(bench: Bench, party: Party, ops: readonly Op[]): Promise<void> {
  const loaded = await loadRun(bench.ledger, party, { ids: IDS, maxCost: "0.22" });
  const epoch = await take(bench.ledger, loaded.run);
  const trial = new Trial(bench, loaded, { cents: 22n, epoch });
  const { model } = trial;
  for (const each of ops) {
    const [said, meant] = await trial.step(each);
    expect([each, said]).toEqual([each, meant]);
    const [settled, held, exposed] = await trial.figures();
    expect([each, settled, held, exposed]).toEqual([each, ...model.money.map(cents)]);
    const used = (settled ?? 0n) + (held ?? 0n) + (exposed ?? 0n);
    expect(used <= cents(model.cap)).toBe(true);
  }
  const made = model.calls.filter((call) => call.state === "made");
  expect(new Set(made.map((call) => call.row)).size).toBe(made.length);
  const [settled] = model.money;
  expect(await trial.journal()).toEqual([cents(settled), made.length]);
  const counted = await trial.recounted();
  expect(counted).toMatchObject({ after: { settled: cents(settled), images: expect.any(Number) } });
  if (counted.kind === "counted") expect(counted.before).toEqual(counted.after);
  expect(await trial.states()).toEqual(IDS.map((id) => model.row(id).state));
}

/** @param runs how many random stories: those of a database take longer. */
export function runModelContract(name: string, open: OpenStore, runs: number): void {
  describe(`${name}: any story of a run`, () => {
    const bench = new Bench(open);

    it("comes to what a plain model says: no cap passed, no row paid twice, every sum the journal's", async () => {
      const party = await newParty(bench.ledger);
      await bench.ledger.changeNode({
        ...{ nodeId: party.accountId, actor: "me" },
        settings: { house: { exposureHour: usd("900") } },
      });
      const stories = fc.array(op, { minLength: 25, maxLength: 50 });
      await fc.assert(
        fc.asyncProperty(stories, (ops) => follow(bench, party, ops)),
        { numRuns: runs },
      );
    });
  });
}
