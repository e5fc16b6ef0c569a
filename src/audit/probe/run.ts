import { type PicoUsd, sumUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { difference } from "./claims.ts";
import type { Answered, CallRecord, Claimed, PlannedCall } from "./evidence.ts";
import type { ModelPlan } from "./plan.ts";
import type { Target } from "./target.ts";

/** What happens on the way, for whoever watches. */
export type ProbeEvent =
  | { readonly kind: "sending"; readonly call: PlannedCall; readonly index: number }
  | {
      readonly kind: "answered";
      readonly record: CallRecord;
      readonly index: number;
      readonly spent: SpentSoFar;
    }
  | { readonly kind: "waits"; readonly call: PlannedCall; readonly ms: number };

export type SpentSoFar = {
  readonly amount: PicoUsd;
  /** By what it is known: the balance, what the answers say, or what the calls are expected to cost. */
  readonly by: "balance" | "claims" | "quote";
};

export type ProbeRun = {
  readonly models: readonly {
    readonly plan: ModelPlan;
    readonly records: readonly CallRecord[];
  }[];
  readonly spent: SpentSoFar;
  /** Why it ended before its last call; null: it didn't. */
  readonly stopped: { readonly code: StopCode; readonly message: string } | null;
  /** Answers of one route that had other fields than the first one. */
  readonly shapeChanges: readonly ShapeChange[];
  /** Why the balance can't be relied on; null: it can. */
  readonly balanceUnusable: string | null;
};

type StopCode =
  | "key_without_rights"
  | "unreachable"
  | "rate_limited"
  | "interrupted"
  | "over_budget";
export type ShapeChange = {
  readonly call: string;
  readonly model: string;
  readonly was: string;
  readonly is: string;
};

type Running = {
  readonly target: Target;
  readonly signal: AbortSignal;
  readonly pause: (ms: number) => Promise<void>;
  readonly tell: (event: ProbeEvent) => void;
  /** Beyond it nothing more is sent. */
  readonly most: PicoUsd;
};

const WAIT_MS_DEFAULT = 5_000;
const WAIT_MS_MAX = 120_000;
const WAITS_MAX = 5;
/** Some gateways post what a call cost a moment after they answered it. */
const POSTING_TRIES = 5;
const POSTING_MS = 400;
/** A balance that moves so many times what is charged is kept in other units. */
const UNIT_FACTOR = 10n;

/** Sends the calls of all plans, one after the other. Never throws on the target's account. */
export async function runProbe(plans: readonly ModelPlan[], running: Running): Promise<ProbeRun> {
  const first = await running.target.readSpent();
  const state = new RunState(first);
  const models: { plan: ModelPlan; records: CallRecord[] }[] = [];
  let index = 0;
  for (const plan of plans) {
    const records: CallRecord[] = [];
    models.push({ plan, records });
    for (const call of plan.calls) {
      if (state.stopped !== null) break;
      running.tell({ kind: "sending", call, index });
      const record = await sendOne(call, state, running);
      records.push(record);
      state.note(record, plan.model.id);
      running.tell({ kind: "answered", record, index, spent: state.spent() });
      index += 1;
      state.judge(record, running);
      // The plainest order refused: the rest of this model would only fail in the same way.
      if (call.id === "base" && record.answer.pictures.length === 0) break;
    }
  }
  return {
    models,
    spent: state.spent(),
    stopped: state.stopped,
    shapeChanges: state.shapeChanges,
    balanceUnusable: state.balanceUnusable(),
  };
}

async function sendOne(call: PlannedCall, state: RunState, running: Running): Promise<CallRecord> {
  const before = await state.readBefore(running.target);
  const answer = await sendPatiently(call, state, running);
  const after = await readAfter({ call, answer }, before, running);
  state.readAfter(after);
  const spent = before === undefined || after === undefined ? undefined : { before, after };
  return { call, answer, spent };
}

/** 429 spends nothing: the same call again, as often and as late as it is told. */
async function sendPatiently(
  call: PlannedCall,
  state: RunState,
  { target, signal, pause, tell }: Running,
): Promise<Answered> {
  for (let waits = 0; ; waits += 1) {
    const { answer, retryAfterMs = WAIT_MS_DEFAULT } = await target.send(call);
    if (answer.status !== 429) return answer;
    if (waits === WAITS_MAX || retryAfterMs > WAIT_MS_MAX || signal.aborted) {
      state.stop("rate_limited", `it answers 429 and says to wait ${retryAfterMs / 1_000} s`);
      return answer;
    }
    tell({ kind: "waits", call, ms: retryAfterMs });
    await pause(retryAfterMs);
  }
}

/** Read until a call that costs something shows, or as often as makes sense. */
async function readAfter(
  { call, answer }: Pick<CallRecord, "call" | "answer">,
  before: Claimed | undefined,
  { target, pause }: Running,
): Promise<Claimed | undefined> {
  if (before === undefined) return undefined;
  for (let tries = 1; ; tries += 1) {
    const after = await target.readSpent();
    const isLate = after?.amount === before.amount && answer.pictures.length > 0;
    if (!isLate || call.expected === 0n || tries === POSTING_TRIES) return after;
    await pause(POSTING_MS);
  }
}

/** What is known while the calls are sent. */
class RunState {
  stopped: ProbeRun["stopped"] = null;
  readonly shapeChanges: ShapeChange[] = [];
  readonly #first: Claimed | undefined;
  #last: Claimed | undefined;
  #unusable: string | null = null;
  readonly #shapes = new Map<string, string>();
  readonly #records: CallRecord[] = [];

  constructor(first: Claimed | undefined) {
    this.#first = first;
    this.#last = first;
    if (first === undefined) this.#unusable = "no balance of a known shape can be read";
  }

  /** What is read before a call must be what was read after the one before it. */
  async readBefore(target: Target): Promise<Claimed | undefined> {
    if (this.#last === undefined) return undefined;
    const now = await target.readSpent();
    if (now === undefined) this.#unusable ??= "the balance could not be read all the time";
    else if (now.amount !== this.#last.amount) {
      this.#unusable ??=
        "the balance moved while nothing was sent: others spend from it, or it is posted late";
    }
    return now;
  }

  readAfter(after: Claimed | undefined): void {
    if (after !== undefined) this.#last = after;
    else if (this.#last !== undefined) {
      this.#unusable ??= "the balance could not be read all the time";
    }
  }

  note(record: CallRecord, model: string): void {
    this.#records.push(record);
    const { call, answer } = record;
    if (answer.shape === "") return;
    const first = this.#shapes.get(call.route);
    if (first === undefined) this.#shapes.set(call.route, answer.shape);
    else if (first !== answer.shape) {
      this.shapeChanges.push({ call: call.id, model, was: first, is: answer.shape });
    }
  }

  judge({ answer }: CallRecord, { signal, most }: Running): void {
    const { status, error } = answer;
    if (status === 401 || status === 402 || status === 403) {
      this.stop("key_without_rights", `it answers ${status}: ${error ?? ""}`);
    }
    if (status === null) this.stop("unreachable", `it can't be reached: ${error ?? ""}`);
    if (signal.aborted) this.stop("interrupted", "stopped by the operator");
    const { amount } = this.spent();
    if (amount > most)
      this.stop("over_budget", "it has taken more than the worst case of the plan");
  }

  stop(code: StopCode, message: string): void {
    this.stopped ??= { code, message };
  }

  spent(): SpentSoFar {
    const claims = this.#records.flatMap(({ answer }) => answer.cost?.amount ?? []);
    if (this.#first !== undefined && this.#last !== undefined) {
      const { amount } = difference(this.#last, this.#first);
      const said = sumUsd(claims);
      // A balance in points is no sum of money; the answers' own prices are.
      if (said === 0n || amount < said * UNIT_FACTOR) return { amount, by: "balance" };
    }
    const made = this.#records.filter(({ answer }) => answer.pictures.length > 0);
    if (claims.length > 0 || made.length === 0) return { amount: sumUsd(claims), by: "claims" };
    return {
      amount: made.reduce((sum, { call }) => sumUsd([sum, call.expected]), ZERO_USD),
      by: "quote",
    };
  }

  balanceUnusable(): string | null {
    return this.#unusable;
  }
}
