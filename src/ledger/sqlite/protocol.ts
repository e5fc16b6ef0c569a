import type { EndingDraft, HoldDraft } from "../draft.ts";
import type {
  Account,
  ApiKey,
  Chain,
  Credits,
  FundRequest,
  FundResult,
  HoldResult,
  Limits,
  NewAccount,
  NewKey,
  OpenHold,
  PostedEnding,
  StoredPrice,
  TaskMemo,
} from "../port.ts";

/** What the store's thread can be asked for: argument and result of each command. */
export type Commands = {
  hold: { readonly argument: HoldDraft; readonly result: HoldResult };
  end: { readonly argument: EndingDraft; readonly result: PostedEnding };
  noteTask: { readonly argument: TaskMemo; readonly result: null };
  call: { readonly argument: string; readonly result: StoredCall | undefined };
  credits: { readonly argument: string; readonly result: Credits | undefined };
  findKey: { readonly argument: string; readonly result: ApiKey | undefined };
  createAccount: {
    readonly argument: NewAccount & { readonly id: string };
    readonly result: Account;
  };
  listAccounts: { readonly argument: null; readonly result: readonly Account[] };
  fund: { readonly argument: FundRequest; readonly result: FundResult };
  setLimits: { readonly argument: LimitChange; readonly result: Account | undefined };
  createKey: { readonly argument: NewKey; readonly result: ApiKey | undefined };
  listKeys: { readonly argument: string | null; readonly result: readonly ApiKey[] };
  revokeKey: { readonly argument: KeyRevocation; readonly result: ApiKey | undefined };
  openHolds: { readonly argument: null; readonly result: readonly OpenHold[] };
};

export type CommandName = keyof Commands;

export type LimitChange = {
  readonly accountId: string;
  readonly limits: Limits;
  readonly actor: string;
  readonly entryId: string;
};

export type KeyRevocation = { readonly keyId: string; readonly actor: string };

/** The texts of a call, decoded outside the store's thread. */
export type StoredCall = {
  readonly hold: StoredEntry & { readonly price: StoredPrice };
  readonly taskId: string | null;
  readonly ending: (StoredEntry & { readonly echoedPrice: StoredPrice | null }) | undefined;
};

export type StoredEntry = {
  readonly text: string;
  readonly createdMs: number;
  readonly chain: Chain;
};

export type Command<Name extends CommandName = CommandName> = {
  readonly [Key in Name]: { readonly name: Key; readonly argument: Commands[Key]["argument"] };
}[Name];

/** What became of one member of a batch. Sent only after the commit. */
export type Reply =
  | { readonly kind: "done"; readonly result: Commands[CommandName]["result"] }
  /** A bug: a broken invariant or a violated constraint. */
  | { readonly kind: "failed"; readonly message: string }
  /** The store can't take it now. */
  | { readonly kind: "unavailable"; readonly message: string };

/** What the store's thread is started with. */
export type WorkerStart = {
  readonly file: string;
  readonly world: "sandbox" | "live";
  readonly createdMs: number;
  readonly catalogPrices: readonly PriceReference[];
};

/** A price version by name and content. */
export type PriceReference = { readonly id: string; readonly sha256: string };

/** To the thread: commands that share a transaction, and the instant by the store's clock. */
export type BatchMessage =
  | { readonly kind: "batch"; readonly nowMs: number; readonly commands: readonly Command[] }
  | { readonly kind: "close" };

/** From the thread. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "replies"; readonly replies: readonly Reply[] }
  | { readonly kind: "fatal"; readonly message: string }
  | { readonly kind: "closed" };
