import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCatalog } from "../../src/catalog/load.ts";
import type { PriceVersion } from "../../src/catalog/schema.ts";
import { openLedger } from "../../src/ledger/open.ts";
import type { HoldRequest, Ledger } from "../../src/ledger/port.ts";
import { parseUsd } from "../../src/money/pico-usd.ts";
import {
  holdOf,
  keyHash,
  newAccount,
  type Party,
  settleFlat,
  settleOf,
  voidOf,
} from "../ledger/fixtures.ts";

const catalog = loadCatalog({ folder: "catalog/models" });

/**
 * A sandbox's home with two months behind it: a prepaid studio and its web shop, pictures of two models, a
 * charge lowered within its month and one after it, a call that ran over the month's end.
 *
 * | 2026-08 | studio | shop | |
 * |---|---|---|---|
 * | seedream-4-0 at 0.03 | 10 images: 0.30 | 4 images: 0.12 | the studio's lowered to 0.27 |
 * | gpt-image-2 low, 15 + 196 tokens | - | 20 x 0.005955 = 0.1191 | 0.005955 = 15 x 0.000005 + 196 x 0.00003 |
 *
 * 0.30 - 0.03 + 0.12 + 0.1191 = 0.5091. In 2026-09 the shop's call of 2026-08-31 ends at 2 x 0.03 = 0.06, and
 * its 0.12 of August is lowered to 0.09.
 */
export type StatedHome = Disposable & {
  readonly home: string;
  readonly studio: Party;
  readonly shop: Party;
  /** The receipt that was credited in September. */
  readonly credited: string;
};

export async function stateHome(): Promise<StatedHome> {
  const home = mkdtempSync(join(tmpdir(), "spotmeter-stated-"));
  let now = at("2026-08-03T08:00");
  const ledger = await openLedger({ home, world: "sandbox", nowMs: () => now });
  const studio = await party(ledger, { name: "Studio", id: "studio" });
  await fund(ledger, studio, { amount: "25", entryId: "fund_august" });
  const shop = await party(ledger, { name: "Web shop", id: "shop", below: studio });
  now = at("2026-08-04T10:30");
  const posters = await seedream(ledger, studio, { n: 10, tags: { job: "posters" } });
  const mugs = await seedream(ledger, shop, { n: 4, tags: { job: "mugs", season: "autumn" } });
  for (let call = 0; call < 20; call += 1) {
    now += 60_000;
    await lowPicture(ledger, shop, { job: "mugs" });
  }
  const refused = { ...holdOf(shop), model: "gpt-image-2", tags: {} };
  await ledger.hold(refused);
  await ledger.end(voidOf(refused.id));
  now = at("2026-08-20T15:00");
  const lower = { actor: "operator", reason: "one picture was cut off" };
  const first = { entryId: "correction_posters", corrects: `${posters.id}.end` };
  await ledger.correct({ ...first, amount: parseUsd("0.27"), ...lower });
  now = at("2026-08-31T23:59:58");
  const late = seedreamHold(shop, { n: 2, tags: { job: "mugs" } });
  await ledger.hold(late);
  now = at("2026-09-01T00:00:04");
  await ledger.end(settleFlat(late));
  now = at("2026-09-02T09:00");
  await fund(ledger, studio, { amount: "10", entryId: "fund_september" });
  now = at("2026-09-10T09:00");
  const second = { entryId: "correction_mugs", corrects: `${mugs.id}.end` };
  await ledger.correct({ ...second, amount: parseUsd("0.09"), ...lower });
  await ledger.close();
  const dispose = () => rmSync(home, { recursive: true, force: true });
  return { home, studio, shop, credited: mugs.id, [Symbol.dispose]: dispose };
}

function at(text: string): number {
  return Date.parse(`${text}Z`);
}

async function party(
  ledger: Ledger,
  of: { readonly name: string; readonly id: string; readonly below?: Party },
): Promise<Party> {
  const parentId = of.below?.accountId ?? null;
  const request = { name: of.name, parentId, prepaid: parentId === null, limits: {} };
  const { id: accountId } = await newAccount(ledger, { ...request, actor: "operator" });
  const keyId = `key_${of.id}`;
  const key = { id: keyId, accountId, name: of.id, sha256: keyHash(), actor: "operator" };
  await ledger.createKey(key);
  return { accountId, keyId };
}

async function fund(
  ledger: Ledger,
  { accountId }: Party,
  { amount, entryId }: { readonly amount: string; readonly entryId: string },
): Promise<void> {
  await ledger.fund({ accountId, amount: parseUsd(amount), entryId, actor: "operator" });
}

type Asked = { readonly n: number; readonly tags: HoldRequest["tags"] };

async function seedream(ledger: Ledger, of: Party, asked: Asked): Promise<HoldRequest> {
  const hold = seedreamHold(of, asked);
  await ledger.hold(hold);
  await ledger.end(settleFlat(hold));
  return hold;
}

function seedreamHold(of: Party, { n, tags }: Asked): HoldRequest {
  return { ...holdOf(of, { n, price: priceOf("seedream-4-0") }), model: "seedream-4-0", tags };
}

async function lowPicture(ledger: Ledger, of: Party, tags: HoldRequest["tags"]): Promise<void> {
  const items = [
    { meter: "text_input_tokens", quantity: 15n },
    { meter: "image_output_tokens", quantity: 196n },
  ] as const;
  const price = priceOf("gpt-image-2");
  const hold = { ...holdOf(of, { price, ceilingItems: items }), model: "gpt-image-2", tags };
  await ledger.hold(hold);
  const usage = { kind: "reported", items } as const;
  await ledger.end({ ...settleOf(hold, { usage, images: 1n }), qualityBilled: "low" });
}

/** The first price version of a model: in force in August 2026. */
function priceOf(model: string): PriceVersion {
  const version = catalog.models.find(({ id }) => id === model)?.rateCard[0];
  if (version === undefined) throw new Error(`no price of ${model}`);
  return version;
}
