import type { z } from "zod";
import { type Change, type Kept, type RepricedCall, reprice } from "../../audit/reprice.ts";
import type { Catalog } from "../../catalog/find.ts";
import type { PriceVersion } from "../../catalog/schema.ts";
import { addUsd, formatUsd, type PicoUsd, subtractUsd, ZERO_USD } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps } from "../api-deps.ts";
import type { repriceBody } from "./bodies.ts";

/** Calls that an answer lists one by one; its sums are over all. */
const LISTED_MAX = 1_000;

type Asked = z.infer<typeof repriceBody>;

/**
 * `POST /admin/v1/reprice`: what a corrected price version makes of the calls that were billed by a wrong one;
 * with `apply` posted as corrections.
 *
 * @throws Refusal 400 when the two are no versions of one model's price, 404 for an unknown account.
 */
export async function repriceJson(asked: Asked, actor: string, deps: ApiDeps) {
  const { from, since, account_id: accountId, apply } = asked;
  const to = correctedVersion(asked, deps.catalog);
  if (accountId !== undefined && (await deps.ledger.account(accountId)) === undefined) {
    const sent = { param: "account_id", sent: accountId };
    throw new Refusal("not_found", `no such account: ${accountId}`, sent);
  }
  let [charges, vendorCosts] = [nothing, nothing];
  const listed: RepricedCall[] = [];
  let calls = 0;
  for await (const slice of reprice({ from, to, accountId, since, apply, actor }, deps.ledger)) {
    for (const call of slice) {
      calls += 1;
      charges = counted(charges, call.charge);
      vendorCosts = counted(vendorCosts, call.vendorCost);
      if (listed.length < LISTED_MAX) listed.push(call);
    }
  }
  if (calls === 0) refuseUnknown(from, deps.catalog);
  return {
    object: "repricing",
    from,
    to: to.id,
    since: since ?? null,
    account_id: accountId ?? null,
    applied: apply,
    currency: "USD",
    calls,
    charges: sumsJson(charges),
    vendor_costs: sumsJson(vendorCosts),
    data: listed.map(callJson),
    data_left_out: calls - listed.length,
    emulated: deps.world === "sandbox",
  };
}

function correctedVersion({ from, to }: Asked, catalog: Catalog): PriceVersion {
  const found = findVersion(to, catalog);
  if (found === undefined) {
    const why = "no such price version in the catalog or in spotmeter.yaml";
    throw new Refusal("invalid_value", `to=${to}: ${why}`, { param: "to", sent: to });
  }
  const model = modelOf(to);
  if (from === to || modelOf(from) !== model) {
    const why = from === to ? "is the same version" : `is no price of ${model}`;
    throw new Refusal("invalid_value", `from=${from}: ${why}; to=${to}`, {
      param: "from",
      sent: from,
      allowed: [`another version of ${model}'s price`],
    });
  }
  return found;
}

/** A version that neither the catalog knows nor a call cites is a slip of the pen. */
function refuseUnknown(from: string, catalog: Catalog): void {
  if (findVersion(from, catalog) !== undefined) return;
  const why = "no such price version: the catalog doesn't know it and none of these calls cites it";
  throw new Refusal("invalid_value", `from=${from}: ${why}`, { param: "from", sent: from });
}

function findVersion(id: string, catalog: Catalog): PriceVersion | undefined {
  return catalog.models.flatMap((model) => model.rateCard).find((version) => version.id === id);
}

/** A version's id begins with its model's. */
function modelOf(versionId: string): string {
  return versionId.slice(0, versionId.indexOf("@"));
}

/** What becomes of one kind of figure over all calls. */
type Sums = {
  readonly corrected: number;
  readonly unchanged: number;
  /** Of those corrected, together. */
  readonly before: PicoUsd;
  readonly after: PicoUsd;
  readonly kept: { readonly [because in Kept]?: number };
};

const nothing: Sums = {
  corrected: 0,
  unchanged: 0,
  before: ZERO_USD,
  after: ZERO_USD,
  kept: {},
};

function counted(sums: Sums, change: Change | null): Sums {
  switch (change?.change) {
    case undefined:
      return sums;
    case "none":
      return { ...sums, unchanged: sums.unchanged + 1 };
    case "kept": {
      const { because } = change;
      return { ...sums, kept: { ...sums.kept, [because]: (sums.kept[because] ?? 0) + 1 } };
    }
    case "correct":
      return {
        ...sums,
        corrected: sums.corrected + 1,
        before: addUsd(sums.before, change.before),
        after: addUsd(sums.after, change.after),
      };
    default:
      return change satisfies never;
  }
}

function sumsJson({ corrected, before, after, unchanged, kept }: Sums) {
  return {
    corrected,
    before: formatUsd(before),
    after: formatUsd(after),
    difference: formatUsd(subtractUsd(after, before)),
    unchanged,
    kept,
  };
}

function callJson({ holdId, accountId, charge, vendorCost }: RepricedCall) {
  return {
    receipt_id: holdId,
    account_id: accountId,
    charge: charge === null ? null : changeJson(charge),
    vendor_cost: vendorCost === null ? null : changeJson(vendorCost),
  };
}

function changeJson(change: Change) {
  return {
    before: formatUsd(change.before),
    after: change.after === null ? null : formatUsd(change.after),
    change: change.change,
    because: change.change === "kept" ? change.because : null,
  };
}
