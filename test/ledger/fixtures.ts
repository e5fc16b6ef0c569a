import { chargeFor, type Delivered } from "../../src/billing/charge.ts";
import { billImages, type FrozenQuote } from "../../src/billing/quote.ts";
import { type BillLine, RATING_VERSION } from "../../src/billing/rate.ts";
import type { UsageItem } from "../../src/billing/usage.ts";
import { type PriceVersion, priceVersionSchema } from "../../src/catalog/schema.ts";
import type { Account, NewAccount } from "../../src/ledger/accounts-port.ts";
import type { Ending, HoldRequest, Ledger, PostedLine } from "../../src/ledger/port.ts";
import { readStoredPrice, storedPrice } from "../../src/ledger/price-text.ts";
import { type PicoUsd, parseUsd } from "../../src/money/pico-usd.ts";

/** Five cents an image, flat: amounts that a reader adds up in the head. */
export const flatPrice: PriceVersion = priceVersionSchema.parse({
  id: "made-up-flat@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [{ meter: "output_images", usd: "0.05", per: 1 }],
  source: "made up for tests",
  checkedOn: "2026-01-01",
  mark: "guess",
});

/** gpt-image-2's shape: text in at 5, image out at 30 USD per 1,000,000 tokens. */
export const tokenPrice: PriceVersion = priceVersionSchema.parse({
  id: "made-up-tokens@2026-01-01",
  effectiveFrom: "2026-01-01",
  terms: [
    { meter: "text_input_tokens", usd: "5.00", per: 1_000_000 },
    { meter: "image_output_tokens", usd: "30.00", per: 1_000_000 },
  ],
  source: "made up for tests",
  checkedOn: "2026-01-01",
  mark: "guess",
});

let serial = 0;

/** An id that no other test of this process has. */
export function nextId(prefix: string): string {
  serial += 1;
  return `${prefix}_${process.pid}_${serial}`;
}

/** Parses, so that tests write money as a reader says it. */
export function usd(text: string): PicoUsd {
  return parseUsd(text);
}

export type Party = { readonly accountId: string; readonly keyId: string };

/** An account with one key. A prepaid one is funded with `fund`. */
export async function newParty(
  ledger: Ledger,
  options: {
    readonly fund?: string;
    readonly limits?: { readonly day?: string; readonly month?: string; readonly total?: string };
  } = {},
): Promise<Party> {
  const { day, month, total } = options.limits ?? {};
  const account = await newAccount(ledger, {
    name: "Test",
    prepaid: options.fund !== undefined,
    limits: {
      ...(day === undefined ? {} : { day: usd(day) }),
      ...(month === undefined ? {} : { month: usd(month) }),
      ...(total === undefined ? {} : { total: usd(total) }),
    },
    actor: "test",
  });
  const accountId = account.id;
  if (options.fund !== undefined) {
    const entryId = nextId("fund");
    await ledger.fund({ accountId, amount: usd(options.fund), actor: "test", entryId });
  }
  const keyId = nextId("key");
  await ledger.createKey({ id: keyId, accountId, name: "k", sha256: keyHash(), actor: "test" });
  return { accountId, keyId };
}

/** An account as the ledger made it. */
export async function newAccount(ledger: Ledger, request: NewAccount): Promise<Account> {
  const made = await ledger.createAccount(request);
  if (made.kind === "refused") throw new Error(`account refused: ${made.reason}`);
  return made.account;
}

/** The hash of a key that no other test of this process has. */
export function keyHash(): string {
  serial += 1;
  return serial.toString(16).padStart(64, "0");
}

export type HoldOptions = {
  readonly id?: string;
  readonly n?: number;
  readonly price?: PriceVersion;
  readonly ceilingItems?: readonly UsageItem[];
};

/** A hold of n images; by default one flat image at 0.05 USD. Its amount is what the billing code says. */
export function holdOf(party: Party, options: HoldOptions = {}): HoldRequest {
  const { n = 1, price = flatPrice } = options;
  const ceilingItems = options.ceilingItems ?? [{ meter: "output_images", quantity: 1n }];
  const amount = billImages(ceilingItems, { price, facts: {}, images: BigInt(n) }).total;
  return {
    id: options.id ?? nextId("rcpt"),
    requestId: nextId("req"),
    accountId: party.accountId,
    keyId: party.keyId,
    amount,
    expected: amount,
    model: "made-up",
    vendor: "nobody",
    connection: "default",
    asOf: "2026-06-19",
    price: storedPrice(price),
    ratingVersion: RATING_VERSION,
    facts: {
      surface: "generations",
      n,
      size: { asked: "1024x1024", pixels: "1024x1024", label: null, ratio: null },
      priced: {},
      promptBytes: 79,
      promptTokens: 15,
    },
    ceilingItems,
    resolved: [{ param: "quality", asked: null, sent: "low", by: "key" }],
    sent: { n, watermark: false, nested: [1, { deep: -2 }, null] },
    marks: ["guess"],
    warnings: ["a warning"],
    tags: { team: "shop" },
    user: "customer-7",
  };
}

/** An unbounded hold of a chosen amount, for tests of balances that nobody recomputes. */
export function holdOfAmount(party: Party, amount: string): HoldRequest {
  return { ...holdOf(party), amount: usd(amount), expected: usd(amount) };
}

const endingFacts = {
  attempts: [{ vendorRequestId: "req_v", status: 200, outcome: "made", ms: 1200 }],
  usage: null,
  servedModel: null,
  echoedPrice: null,
  vendorCost: null,
  exposure: null,
  flags: [],
} as const;

/** A void that left nothing behind. */
export function voidOf(holdId: string): Ending & { readonly kind: "void" } {
  return {
    ...endingFacts,
    holdId,
    kind: "void",
    outcome: "refused",
    code: "vendor_rejected",
    items: [],
    imagesMade: 0,
    imagesDelivered: 0,
  };
}

/** Settles a hold as the gateway does: what the billing code says of what was delivered. */
export function settleOf(hold: HoldRequest, delivered: Delivered): Ending & { kind: "settle" } {
  const charge = chargeFor(delivered, frozen(hold));
  const images = Number(delivered.images);
  return {
    ...endingFacts,
    holdId: hold.id,
    kind: "settle",
    usage: delivered.usage.kind === "missing" ? null : '{"images":1}',
    echoedPrice: delivered.echoedPrice === undefined ? null : storedPrice(delivered.echoedPrice),
    servedModel: delivered.echoedPrice === undefined ? null : "another",
    vendorCost: { total: charge.vendorCost.total, lines: charge.vendorCost.lines.map(posted) },
    exposure:
      charge.exposure === 0n ? null : { amount: charge.exposure, reason: "counted_not_received" },
    basis: charge.basis,
    reason: charge.reason,
    charge: charge.amount,
    overrun: charge.overrun,
    lines: charge.lines.map(posted),
    items: delivered.usage.kind === "missing" ? [] : delivered.usage.items,
    images: Array.from({ length: images }, () => ({
      width: 1024,
      height: 1024,
      format: "png",
      bytes: 1_000_000,
      sha256: null,
      contentCredentials: true,
      flags: [],
    })),
    imagesMade: images,
    imagesDelivered: images,
  };
}

/** Settles a hold of flat images: all that were asked for, or `images` of them. */
export function settleFlat(hold: HoldRequest, images = hold.facts.n): Ending & { kind: "settle" } {
  const items = [{ meter: "output_images", quantity: BigInt(images) } as const];
  return settleOf(hold, { usage: { kind: "reported", items }, images: BigInt(images) });
}

/** A settlement of a chosen charge and cost, for tests of balances that nobody recomputes. */
export function settleAmount(hold: HoldRequest, charge: string): Ending & { kind: "settle" } {
  const amount = usd(charge);
  const line = { meter: "output_images", quantity: 1n, unitPrice: amount, amount } as const;
  const settled = settleFlat(hold, 1);
  const vendorCost = { total: amount, lines: [line] };
  return { ...settled, charge: amount, lines: [line], vendorCost, overrun: usd("0") };
}

function frozen(hold: HoldRequest): FrozenQuote {
  return {
    price: readStoredPrice(hold.price),
    facts: hold.facts.priced,
    n: BigInt(hold.facts.n),
    ceilingItems: hold.ceilingItems,
    ceiling: hold.vendorAmount ?? hold.amount,
    margin: hold.margin ?? null,
  };
}

function posted(line: BillLine): PostedLine {
  const { meter, quantity, unitPrice, amount } = line;
  return { meter, quantity, unitPrice, amount };
}
