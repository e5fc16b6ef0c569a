import packageJson from "../../package.json" with { type: "json" };
import { drawn } from "../core/pictures.ts";
import { encoded } from "../gateway/pictures.ts";

/** What the matrix asks of every client, and what a client's own answer must be brought into to be compared. */

/** The rows of an order that every client is asked for, as the table's head names them. */
export const TASKS = [
  "generate",
  "edit",
  "edit of two",
  "mask",
  "stream",
  "stream an edit",
  "n=2",
  "moderation",
  "wrong size",
] as const;
export type Task = (typeof TASKS)[number];

/** Where a client finds the gateway and what opens it. */
export type Door = { readonly url: string; readonly apiKey: string };

/** What the client handed to its application. */
export type Made = {
  readonly pictures: readonly Uint8Array[];
  /** As the client shows it; undefined where it shows none. */
  readonly cost?: string | undefined;
  readonly receiptId?: string | null | undefined;
};

/** A refusal as the client's own error shows it. */
export type Refused = {
  readonly status: number | undefined;
  readonly code: unknown;
  readonly message: string;
};

/** A cell that makes pictures, with the bill worked out by hand. */
export type Making = {
  readonly make: (door: Door) => Promise<Made>;
  readonly usd: string;
  readonly pixels: string;
  /** 1 unless given. */
  readonly pictures?: number;
  /** Orders that this client makes of the one thing that it was asked for: 1 unless given. */
  readonly orders?: number;
};

/** A cell that is refused: by the vendor after one call, or by a gate before any. */
export type Refusing = {
  readonly refuse: (door: Door) => Promise<Refused>;
  readonly status: number;
  readonly code: string;
  /** In the message that the client shows. */
  readonly says: string;
};

/** What a client's own contract has no way to ask for, and where that is to be seen. */
export type Cannot = { readonly cannot: string };

export type Cell = Making | Refusing | Cannot;

/** A client and all its cells. */
export type Column = {
  readonly client: string;
  /** Where its application sees the cost, or why it can't. */
  readonly costSeen: string;
  /** What of the bill its answers carry; every picture that it makes is held to it. */
  readonly shows: "cost" | "receipt" | "nothing";
  readonly cells: Readonly<Record<Task, Cell>>;
};

const { devDependencies } = packageJson;

/** A package and the version that was really asked: `openai 7.57.0`, also where it is installed under another name. */
export function versioned(name: keyof typeof devDependencies): string {
  const [, alias, version] = /^npm:(.+)@(.+)$/.exec(devDependencies[name]) ?? [];
  return `${alias ?? name} ${version ?? devDependencies[name]}`;
}

/** 12 tokens of o200k, 7 words. */
export const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";

export const MUG_PNG = encoded("png", [1_024, 1_024]);
export const BOX_PNG = drawn(1_024, 1_024).file;
export const MASK_PNG = drawn(1_024, 1_024, { transparent: true }).file;

/** gpt-image-2 low at 1024x1024, which every client of the first contract is asked for. */
export const LOW = { model: "gpt-image-2", quality: "low", size: "1024x1024" } as const;
export const SQUARE = "1024x1024";
/** 5 USD a million text tokens, 8 image tokens in, 30 image tokens out. */
export const LOW_USD = {
  // 21 x 0.000005 + 196 x 0.00003
  generate: "0.005985",
  // twice that
  two: "0.01197",
  // 19 x 0.000005 + 1,024 x 0.000008 + 0.00588
  edit: "0.014167",
  // 20 x 0.000005 + 2,048 x 0.000008 + 0.00588
  editOfTwo: "0.022364",
  // 21 x 0.000005 + (196 + 100) x 0.00003
  streamWithPartial: "0.008985",
  // 0.014167 + 100 x 0.00003
  editWithPartial: "0.017167",
} as const;

/** The vendor's refusal, as every client must be able to show it. */
export const MODERATION = { status: 400, code: "moderation_blocked", says: "safety system" };

export function fromBase64(text: string | null | undefined): Uint8Array {
  return Buffer.from(text ?? "", "base64");
}

/** `usage.cost` is not in any client's types; it is in what they hand on. */
export function costIn(usage: object | null | undefined): string | undefined {
  if (usage === null || usage === undefined || !("cost" in usage)) return undefined;
  return String(usage.cost);
}

/** What a call throws; a call that does not throw fails its test. */
export async function thrownBy(asked: PromiseLike<unknown>): Promise<unknown> {
  const nothing = Symbol("nothing");
  const error = await Promise.resolve(asked).then(
    () => nothing,
    (cause: unknown) => cause,
  );
  if (error === nothing) throw new Error("was not refused");
  return error;
}
