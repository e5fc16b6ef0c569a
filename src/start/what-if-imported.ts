import { NO_OUTCOMES } from "../advisor/own-outcomes.ts";
import type { Config } from "../config.ts";
import { parseAdmin } from "../http/admin/read.ts";
import { findImport, listImports, rowsOfImport } from "../imports/store.ts";
import { Refusal } from "../refusals.ts";
import { choiceAsked, choiceOf, whatIfBody } from "../what-if/asked.ts";
import { importedCall } from "../what-if/imported.ts";
import { whatIfJson } from "../what-if/json.ts";
import { marketsOf } from "../what-if/market.ts";
import type { PastCall } from "../what-if/past-call.ts";
import { whatIf } from "../what-if/what-if.ts";
import { readCatalog } from "./read-catalog.ts";

/**
 * A what-if of an imported set: the same body and the same answer as over HTTP, from files of the home and the
 * catalog alone. Days not named are all of the set's.
 *
 * @throws Refusal as the route does; `not_found` for a set that isn't there.
 */
export async function whatIfImported(
  config: Config,
  of: {
    readonly name: string;
    readonly body: unknown;
    readonly progress: (requests: number) => void;
  },
) {
  const { name, progress } = of;
  const asked = parseAdmin(whatIfBody, of.body);
  if (asked.account_id !== undefined) {
    const why = "account_id: an imported set knows no accounts; key_id takes a key of its own";
    throw new Refusal("unsupported_combination", why, { param: "account_id" });
  }
  const about = findImport(config.home, name);
  if (about === undefined) throw unknownImport(config.home, name);
  const catalog = readCatalog(config);
  const from = asked.from ?? about.first_day ?? "";
  const to = asked.to ?? about.last_day ?? "";
  const choice = choiceOf(asked, { catalog, ratings: catalog.ratings, asOf: to });
  if (from > to) {
    throw new Refusal("invalid_value", `from=${from}: is after to=${to}`, {
      param: "from",
      sent: from,
    });
  }
  async function* calls(): AsyncGenerator<PastCall> {
    for await (const row of rowsOfImport(config.home, name)) {
      const wanted = asked.key_id === undefined || row.key === asked.key_id;
      if (wanted && row.day >= from && row.day <= to) yield importedCall(row);
    }
  }
  const sums = await whatIf(calls(), choice, {
    markets: marketsOf(catalogSource(catalog)),
    progress,
  });
  return whatIfJson(sums, {
    ...{ from, to, choice, asked: choiceAsked(asked), imported: name, others: null },
    ...{ accountId: null, keyId: asked.key_id ?? null, keyNames: new Map(), emulated: false },
    outcomes: NO_OUTCOMES,
  });
}

function catalogSource({ models, ratings }: ReturnType<typeof readCatalog>) {
  return { catalog: { models }, ratings };
}

export function unknownImport(home: string, name: string): Refusal {
  const allowed = listImports(home).map((each) => each.name);
  const has = allowed.length === 0 ? "there is none" : `there are ${allowed.join(", ")}`;
  return new Refusal("not_found", `no such imported set: ${name}; ${has}`, {
    ...{ param: "imported", sent: name, allowed },
  });
}
