import { findLevers } from "../advisor/levers/find-levers.ts";
import type { Lever } from "../advisor/levers/lever.ts";
import { formatUsd } from "../money/pico-usd.ts";
import { ceilingWarnings, situationOf } from "./levers.ts";
import { marketFor } from "./market.ts";
import { clientBillJson } from "./money-json.ts";
import type { Prepared } from "./prepare.ts";
import type { PreparedFor } from "./prepared-for.ts";
import { staleWarnings } from "./proven.ts";
import { marksOf, sentFor } from "./reserve.ts";
import { routeJson } from "./route-json.ts";

/** A quote as answered (DESIGN §8, `quote`): what the request is expected to cost and the most it can. */
export function quoteJson(prepared: Prepared, by: PreparedFor) {
  const { accepted, callable, quote } = prepared;
  const { price, margin } = quote.frozen;
  return {
    object: "image.quote",
    model: callable.model.id,
    vendor: callable.model.vendor,
    price_version: price.id,
    source: price.source,
    checked_on: price.checkedOn,
    as_of: callable.asOf,
    currency: "USD",
    expected: clientBillJson({ ...quote.expected, margin }),
    ceiling: clientBillJson({ ...quote.ceiling, margin }),
    exact: quote.exact,
    resolved: prepared.resolved,
    sent: sentFor(prepared),
    marks: marksOf(prepared, by.deps),
    warnings: [
      ...callable.warnings,
      ...ceilingWarnings(prepared),
      ...staleWarnings(prepared.chosen?.looked.search.constraints),
    ],
    levers: findLevers(situationOf(prepared), marketFor(by, accepted.order.n)).map(leverJson),
    route: routeJson(prepared.chosen?.choice.route),
    emulated: by.deps.world === "sandbox",
  };
}

function leverJson(lever: Lever) {
  const { kind, param, value, why } = lever;
  return {
    ...{ param, value },
    expected: formatUsd(lever.expected),
    ceiling: formatUsd(lever.ceiling),
    saves: formatUsd(lever.saves),
    ...{ kind, why },
  };
}
