import type { Meter } from "../catalog/schema.ts";
import type { PicoUsd } from "../money/pico-usd.ts";

/** What a line is for. `credit` takes off what was billed: refunds, coupons, promotions, adjustments. */
export type BillLineKind = "usage" | "tax" | "credit" | "discount" | "rounding";

/** One line of a vendor's bill. Days are the vendor's own, both included, YYYY-MM-DD. */
export type BillLine = {
  readonly file: string;
  /** Where it stands: `line 7`, or `data[0].results[2]` in JSON. */
  readonly place: string;
  readonly kind: BillLineKind;
  readonly from: string;
  readonly to: string;
  /** The model's id in the catalog; null for anything else that the vendor sells. */
  readonly model: string | null;
  /** What the vendor calls it, for people. */
  readonly label: string;
  /** Null where the line doesn't say. */
  readonly meter: Meter | null;
  /** In units of the meter; null where the bill doesn't count, or not in whole units. */
  readonly quantity: bigint | null;
  /** Before the vendor's discount, where the bill says so; else what `billed` is. */
  readonly list: PicoUsd;
  /** Before taxes and credits, after the vendor's discount. Taxes and credits: their own amount, signed. */
  readonly billed: PicoUsd;
  /** Whether the bill itself tells list from billed. */
  readonly itemised: boolean;
  /** How far the amount may be off by being written with so many decimals, above zero. */
  readonly slack: PicoUsd;
  readonly requestId: string | null;
  /** Project, workspace or API key, as the vendor names them. */
  readonly projects: readonly string[];
  /** Why it can't be a call of this gateway, such as a tier it never asks for; null where it can. */
  readonly elsewhere: string | null;
};

/** Pictures and requests that a vendor counted, without an amount: evidence beside a bill. */
export type CountLine = {
  readonly file: string;
  readonly place: string;
  readonly from: string;
  readonly to: string;
  readonly model: string | null;
  readonly label: string;
  readonly images: bigint;
  readonly requests: bigint;
  readonly projects: readonly string[];
};

/** Something in a bill that can't be understood, and where. */
export type BillProblem = { readonly place: string; readonly message: string };
