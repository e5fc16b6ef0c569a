import { afterEach, beforeEach } from "vitest";
import type { HoldResult, Ledger } from "../../src/ledger/port.ts";
import { formatUsd } from "../../src/money/pico-usd.ts";
import type { Party } from "./fixtures.ts";
import { newHome } from "./new-home.ts";

/** How the suite opens the store under test: a fresh or an existing home. */
export type OpenStore = (options: {
  readonly home: string;
  readonly world: "sandbox" | "live";
  readonly nowMs: () => number;
  readonly catalogPrices?: readonly { readonly id: string; readonly sha256: string }[];
  readonly checkpointEvery?: bigint;
}) => Promise<Ledger>;

/** The instant at which every test begins. */
export const NOON = Date.UTC(2026, 5, 19, 12);

/** A fresh ledger for each test, and the store's clock in its hands. */
export class Bench {
  home = "";
  now = NOON;
  readonly #open: OpenStore;
  #ledger: Ledger | undefined;

  constructor(open: OpenStore) {
    this.#open = open;
    beforeEach(async () => {
      this.home = newHome();
      this.now = NOON;
      await this.reopen();
    });
    afterEach(() => this.#ledger?.close());
  }

  get ledger(): Ledger {
    if (this.#ledger === undefined) throw new Error("no ledger is open");
    return this.#ledger;
  }

  /** Closes the ledger and opens its home again. */
  async reopen(
    catalogPrices: readonly { readonly id: string; readonly sha256: string }[] = [],
  ): Promise<void> {
    await this.#ledger?.close();
    this.#ledger = undefined;
    const { home } = this;
    const nowMs = () => this.now;
    this.#ledger = await this.#open({ home, world: "sandbox", nowMs, catalogPrices });
  }
}

/** What an account may see of its money, as text. */
export async function figures(ledger: Ledger, { accountId }: Party) {
  const credits = await ledger.credits(accountId);
  if (credits === undefined) throw new Error("no such account");
  const { settled, held, available } = credits;
  const printed = available === null ? null : formatUsd(available);
  return { settled: formatUsd(settled), held: formatUsd(held), available: printed };
}

/** A refusal with its amounts as text. */
export function printed(result: HoldResult) {
  if (result.kind !== "refused") return result;
  const { required, available, ...rest } = result;
  return { ...rest, required: formatUsd(required), available: formatUsd(available) };
}
