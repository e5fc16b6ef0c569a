/** One charge, as `GET /__charges` shows it. */
export type Charge = {
  readonly key: string;
  readonly why: "made" | "failed" | "replayed";
  readonly model: string;
  readonly picodollars: bigint;
};

/** An answer that a repeated `Idempotency-Key` gets again. */
export type KeptAnswer = {
  readonly body: string;
  readonly model: string;
  readonly picodollars: bigint;
};

const FUNDED = 10n * 10n ** 12n;

/** Who has spent what: all that this gateway remembers. */
export class Accounts {
  readonly #charges: Charge[] = [];
  readonly #kept = new Map<string, KeptAnswer>();
  readonly #prompts = new Set<string>();

  charge(charge: Charge): void {
    this.#charges.push(charge);
  }

  charges(): readonly Charge[] {
    return this.#charges;
  }

  /** Picodollars that a key was given and has used. */
  balance(key: string): { readonly credits: bigint; readonly used: bigint } {
    const own = this.#charges.filter((charge) => charge.key === key);
    const used = own.reduce((sum, { picodollars }) => sum + picodollars, 0n);
    return { credits: key.startsWith("poor") ? 0n : FUNDED, used };
  }

  keep(key: string, intent: string, answer: KeptAnswer): void {
    this.#kept.set(`${key}\n${intent}`, answer);
  }

  kept(key: string, intent: string): KeptAnswer | undefined {
    return this.#kept.get(`${key}\n${intent}`);
  }

  /** Whether a key has sent this prompt before; remembers it. */
  sawBefore(key: string, prompt: string): boolean {
    const seen = `${key}\n${prompt}`;
    if (this.#prompts.has(seen)) return true;
    this.#prompts.add(seen);
    return false;
  }
}
