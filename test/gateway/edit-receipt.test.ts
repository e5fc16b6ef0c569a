import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Confirmations } from "../../src/audit/reconcile/confirmations.ts";
import { verify } from "../../src/audit/verify.ts";
import { loadCatalog, loadRatings } from "../../src/catalog/load.ts";
import type { ImageOrder } from "../../src/gates/order.ts";
import { Connections } from "../../src/gateway/connections.ts";
import type { Deps } from "../../src/gateway/deps.ts";
import { type MadeOutcome, settlementOf } from "../../src/gateway/judge.ts";
import { prepare } from "../../src/gateway/prepare.ts";
import { quoteJson } from "../../src/gateway/quote-json.ts";
import { houseReceiptJson, receiptJson } from "../../src/gateway/receipt-json.ts";
import { reserve } from "../../src/gateway/reserve.ts";
import { unique } from "../../src/gateway/same.ts";
import { ledgerFile, openLedger } from "../../src/ledger/open.ts";
import type { Ledger } from "../../src/ledger/port.ts";
import { openaiVendor } from "../../src/vendors/openai/client.ts";
import { measured } from "../core/pictures.ts";
import { newParty } from "../ledger/fixtures.ts";
import { newHome } from "../ledger/new-home.ts";
import { connectedVendor } from "./fake-connections.ts";

/** What of an edit's pictures is kept: in the journal, on the receipt, and nowhere their bytes. */

const RECOLOR = "Recolor this mug: matte cobalt-blue, nothing else.";
const connected = connectedVendor("a", { vendor: { ...openaiVendor(), id: "openai" } });
const policy = { autoAs: { by: {} }, settings: {}, margin: null, retain: null };
const home = newHome();

let ledger: Ledger;
let party: Awaited<ReturnType<typeof newParty>>;
beforeAll(async () => {
  ledger = await openLedger({ home, world: "live" });
  party = await newParty(ledger, { fund: "10" });
});
afterAll(() => ledger.close());

function depsOf(): Deps {
  // What preparing and holding read; no vendor is called.
  const catalog = loadCatalog({ folder: "catalog/models" });
  return {
    world: "live",
    catalog,
    ratings: loadRatings("catalog/ratings.json", catalog),
    confirmations: new Confirmations(),
    asOf: () => "2026-11-22",
    connections: new Connections([connected]),
    autoAs: {},
    process: "proc_1",
    ledger,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  } as unknown as Deps;
}

const picture = (of: string) => measured({ sha256: of.repeat(64), bytes: 1_000 });
const three = {
  model: "gpt-image-2",
  prompt: RECOLOR,
  n: 1,
  quality: "low",
  size: { kind: "pixels", width: 1024, height: 1024 },
  references: [picture("a"), measured({ sha256: "b".repeat(64), format: "jpeg" }), picture("c")],
  mask: measured({ sha256: "d".repeat(64), alpha: true, bytes: 99 }),
} as const satisfies ImageOrder;

/** Prepared and held for, for this party. */
async function held(order: ImageOrder) {
  const surface = order.references === undefined ? "generations" : "edits";
  const deps = depsOf();
  const accountPath = [party.accountId];
  const prepared = await prepare(order, { accountPath, policy, deps });
  const caller = {
    ...{ accountId: party.accountId, accountPath, keyId: party.keyId, requestId: "req_1" },
    ...({ policy, same: unique, vendorHeaders: {}, surface } as const),
  };
  const reserved = await reserve(prepared, { caller, connected }, deps);
  if (reserved.kind !== "held") throw new Error(reserved.kind);
  return { deps, prepared, holdId: reserved.holdId };
}

/** Settles by what a vendor reports. */
async function settled(
  { deps, prepared, holdId }: Awaited<ReturnType<typeof held>>,
  usage: MadeOutcome["usage"],
) {
  const outcome: MadeOutcome = {
    kind: "made",
    images: 1,
    usage,
    servedModel: null,
    answer: { created: 1_767_000_000, top: {}, perImage: [{}] },
    flags: [],
    status: 200,
    vendorRequestId: "req_v",
    usageText: null,
  };
  const { callable, quote } = prepared;
  const call = { holdId, model: callable.model, quote: quote.frozen, attempts: [] };
  const { catalog } = deps;
  const given = { images: [], flags: [], catalog, asOf: "2026-11-22" };
  await ledger.end(settlementOf(outcome, call, given));
  const kept = await ledger.call(holdId);
  if (kept === undefined) throw new Error("no such call");
  return kept;
}

const usage = {
  kind: "reported",
  items: [
    { meter: "text_input_tokens", quantity: 21n },
    { meter: "image_input_tokens", quantity: 3_072n },
    { meter: "image_output_tokens", quantity: 196n },
  ],
} as const;

describe("an edit", () => {
  it("vector 5: its receipt splits text-in, image-in and output, and tells what each picture was", async () => {
    const call = await settled(await held(three), usage);
    const receipt = receiptJson(call, "live");
    const png = { width: 1024, height: 1024, format: "png", bytes: 1_000 };
    expect(receipt).toMatchObject({
      surface: "edits",
      references: [
        { ...png, sha256: "a".repeat(64) },
        { ...png, format: "jpeg", sha256: "b".repeat(64) },
        { ...png, sha256: "c".repeat(64) },
      ],
      mask: { ...png, bytes: 99, sha256: "d".repeat(64) },
      expected: "0.030561",
      ceiling: "0.043039",
      total: "0.030561",
      basis: "usage",
      lines: [
        { meter: "text_input_tokens", quantity: "21", unit_price: "0.000005", amount: "0.000105" },
        {
          meter: "image_input_tokens",
          quantity: "3072",
          unit_price: "0.000008",
          amount: "0.024576",
        },
        { meter: "image_output_tokens", quantity: "196", unit_price: "0.00003", amount: "0.00588" },
      ],
    });
    expect(houseReceiptJson(call, "live")).toMatchObject({
      surface: "edits",
      vendor_cost: { total: "0.030561" },
    });
  });

  it("whose usage is missing is charged its ceiling: 1,536 tokens a reference", async () => {
    const call = await settled(await held(three), { kind: "missing", reason: "absent" });
    const receipt = receiptJson(call, "live");
    expect(receipt).toMatchObject({ basis: "ceiling", total: "0.043039" });
    expect(receipt.lines[1]).toMatchObject({ meter: "image_input_tokens", quantity: "4608" });
  });

  it("and a generation are computed again from the journal alone, to the last digit", async () => {
    const { references: _, mask: __, ...generation } = three;
    const text = { meter: "text_input_tokens", quantity: 18n } as const;
    const call = await settled(await held(generation), { kind: "reported", items: [text] });
    expect(receiptJson(call, "live")).toMatchObject({
      surface: "generations",
      references: [],
      mask: null,
    });
    const verified = await verify({ file: ledgerFile(home, "live") });
    expect(verified).toMatchObject({ ok: true, first_discrepancy: null });
    expect(verified.receipts).toBeGreaterThanOrEqual(1);
  });

  it("is quoted with its references, and refused before a hold for one that can't be read", async () => {
    const deps = depsOf();
    const by = { accountPath: [party.accountId], policy, deps };
    const quote = quoteJson(await prepare(three, by), by);
    expect(quote.expected).toMatchObject({ total: "0.030561" });
    expect(quote.ceiling).toMatchObject({ total: "0.043039" });
    const order = { ...three, references: [measured({ format: "gif" })] as const };
    const refusal = await prepare(order, by).catch((cause: unknown) => cause);
    expect(refusal).toMatchObject({
      code: "unsupported_value",
      details: { param: "image", sent: "gif", allowed: ["png", "jpeg", "webp"] },
    });
  });
});
