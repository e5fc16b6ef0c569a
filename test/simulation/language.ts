/**
 * What the simulation asks of a ledger and hears from it, in words of its own: the auditor knows nothing of
 * `src/`. Amounts are picodollars, instants milliseconds since 1970; nodes go by names, not by the ids
 * that a ledger gives them.
 */

/** Null takes a limit away, absent leaves it. */
export type Limits = {
  readonly day?: bigint | null;
  readonly month?: bigint | null;
  readonly total?: bigint | null;
};

export type House = {
  readonly exposureHour?: bigint;
  readonly vendorCostDay?: bigint;
  readonly vendorCostMonth?: bigint;
};

export type Rate = { readonly requestsPerMinute?: number; readonly imagesPerMinute?: number };

export type AccountOrder = {
  readonly do: "account";
  readonly name: string;
  readonly parent: string | null;
  readonly prepaid: boolean;
  readonly limits: Limits;
};

export type KeyOrder = {
  readonly do: "key";
  readonly name: string;
  readonly account: string;
  readonly limits: Limits;
};

/** `house` counts at roots, `rate` at keys; null takes it away. */
export type ChangeOrder = {
  readonly do: "change";
  readonly node: string;
  readonly limits?: Limits;
  readonly house?: House | null;
  readonly rate?: Rate | null;
};

export type MoveOrder = {
  readonly do: "move";
  readonly account: string;
  readonly parent: string;
};

export type FundOrder = {
  readonly do: "fund";
  readonly account: string;
  readonly entry: string;
  readonly amount: bigint;
};

export type HoldOrder = {
  readonly do: "hold";
  readonly hold: string;
  readonly account: string;
  readonly key: string;
  readonly amount: bigint;
  /** Of the amount, what the vendor may bill. */
  readonly vendorAmount: bigint;
  readonly images: number;
  readonly connection: string;
  readonly connectionLimits: House;
  readonly intent: { readonly scope: string; readonly body: string } | null;
  readonly adopt: string | null;
  readonly process: string;
  /** Two orders of one id are the same when this is the same. */
  readonly content: string;
};

export type EndOrder = {
  readonly do: "end";
  readonly hold: string;
  /** `made` settles, everything else voids. */
  readonly outcome: "made" | "refused" | "failed" | "unknown" | "recovered";
  readonly charge: bigint;
  readonly cost: bigint;
  readonly overrun: bigint;
  readonly exposure: bigint;
  readonly images: number;
  /** As for a hold. */
  readonly content: string;
};

export type CorrectOrder = {
  readonly do: "correct";
  readonly entry: string;
  readonly corrects: string;
  readonly amount: bigint;
};

export type OfferOrder = {
  readonly do: "offer";
  readonly hold: string;
  readonly body: string;
  readonly untilMs: number;
};

/** Whether a picture was kept, as somebody says who looked at it. */
export type JudgeOrder = {
  readonly do: "judge";
  readonly hold: string;
  /** From 0. */
  readonly image: number;
  readonly kept: boolean;
};

export type TaskOrder = { readonly do: "task"; readonly hold: string; readonly task: string };
export type RevokeOrder = { readonly do: "revoke"; readonly key: string };

export type Order =
  | AccountOrder
  | KeyOrder
  | ChangeOrder
  | MoveOrder
  | FundOrder
  | HoldOrder
  | EndOrder
  | CorrectOrder
  | JudgeOrder
  | OfferOrder
  | TaskOrder
  | RevokeOrder;

/** What came of an order; `bug` for an order that no correct program gives, which a ledger throws at. */
export type Outcome = { readonly kind: string; readonly [detail: string]: unknown };

/** What an account shows of itself. */
export type Figures = {
  readonly name: string;
  readonly parent: string | null;
  readonly limits: Limits;
  readonly settled: bigint;
  readonly held: bigint;
  readonly available: bigint | null;
};

/** One text for one value, so that two of them can be compared: members sorted, integers as they are. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "nothing";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, member]) => `${name}: ${show(member)}`).join(", ")}}`;
}
