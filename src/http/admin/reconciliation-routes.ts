import type { Hono } from "hono";
import type { z } from "zod";
import type { Confirmable } from "../../audit/reconcile/confirm.ts";
import type { Confirmation } from "../../audit/reconcile/confirmations.ts";
import { NoPeriod, type Reconciled, reconcile } from "../../audit/reconcile/reconcile.ts";
import { WHOLE_FACTOR } from "../../audit/reconcile/slots.ts";
import { isZone } from "../../bills/day.ts";
import { type ColumnMap, readColumnMap } from "../../bills/generic.ts";
import { type BillRead, readBills, UnusableBill } from "../../bills/read-bill.ts";
import type { ConnectedVendor } from "../../gateway/connected-vendor.ts";
import { newId } from "../../ids.ts";
import { formatUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";
import type { ApiDeps, ApiEnvironment } from "../api-deps.ts";
import { RECONCILIATION_BYTES_MAX, reconciliationBody, reconciliationsQuery } from "./bodies.ts";
import { actorOf, notFound, queryAdmin, readAdmin } from "./read.ts";
import { reconciliationJson, reconciliationSummary } from "./reconciliation-json.ts";

type Asked = z.infer<typeof reconciliationBody>;

/** Bills of vendors against the journal: `POST /admin/v1/reconciliations`, list and show. */
export function reconciliationRoutes(app: Hono<ApiEnvironment>, deps: ApiDeps): void {
  app.post("/reconciliations", async (context) => {
    const asked = await readAdmin(context, reconciliationBody, {
      bytesMax: RECONCILIATION_BYTES_MAX,
    });
    return context.json(await reconcileJson(asked, actorOf(context, deps), deps), 201);
  });
  app.get("/reconciliations", async (context) => {
    const { limit } = queryAdmin(context, reconciliationsQuery);
    const kept = await deps.reconciliations.list(limit);
    return context.json({ object: "list", data: kept.map(reconciliationSummary) });
  });
  app.get("/reconciliations/:id", async (context) => {
    const id = context.req.param("id");
    const kept = await deps.reconciliations.find(id);
    if (kept === undefined) throw notFound("reconciliation", id);
    return context.json(kept);
  });
}

/** @throws Refusal 400 naming every problem of every file, 404 for an unknown connection. */
async function reconcileJson(asked: Asked, actor: string, deps: ApiDeps) {
  const connected = connectionOf(asked.connection, deps);
  const bills = billsOf(asked, connected, deps);
  const reconciled = await reconcileWith(asked, { bills, actor }, deps);
  const id = newId("recn");
  const told = confirmationsOf(reconciled.confirmable, { id, connection: asked.connection }, deps);
  const answer = reconciliationJson(reconciled, {
    id,
    createdMs: Date.now(),
    connection: asked.connection,
    vendor: connected.vendor.id,
    bills,
    discountAccepted: asked.discount ?? null,
    apply: asked.apply,
    confirmations: asked.apply ? await deps.reconciliations.confirm(told) : told,
    emulated: deps.world === "sandbox",
  });
  await deps.reconciliations.keep(answer);
  return answer;
}

async function reconcileWith(
  asked: Asked,
  { bills, actor }: { readonly bills: readonly [BillRead, ...BillRead[]]; readonly actor: string },
  { ledger, catalog }: ApiDeps,
): Promise<Reconciled> {
  const { connection, from, to, apply, projects = [] } = asked;
  if (from !== undefined && to !== undefined && from > to) {
    throw new Refusal("invalid_value", `from=${from}: is after to=${to}`, { param: "from" });
  }
  const versions = new Map(
    catalog.models.flatMap(({ rateCard }) => rateCard.map((version) => [version.id, version])),
  );
  try {
    return await reconcile(
      {
        ...{ connection, bills, from, to, projects, apply, actor },
        factor: factorOf(asked.discount),
      },
      ledger,
      (id) => versions.get(id),
    );
  } catch (cause) {
    if (!(cause instanceof NoPeriod)) throw cause;
    throw new Refusal("missing_parameter", `from: ${cause.message}; say from and to`, {
      param: "from",
    });
  }
}

function connectionOf(id: string, { connections }: ApiDeps): ConnectedVendor {
  const found = connections.all.find(({ connection }) => connection.id === id);
  if (found !== undefined) return found;
  const known = connections.all.map(({ connection }) => connection.id);
  throw new Refusal("not_found", `no such connection: ${id}; there is ${known.join(", ")}`, {
    param: "connection",
    sent: id,
    allowed: known,
  });
}

function billsOf(
  asked: Asked,
  { vendor }: ConnectedVendor,
  { catalog, billFormats }: ApiDeps,
): readonly [BillRead, ...BillRead[]] {
  const { time_zone: zone, format, encoding } = asked;
  if (zone !== undefined && !isZone(zone)) {
    const why = "no time zone of this name; an IANA name such as America/Los_Angeles";
    throw new Refusal("invalid_value", `time_zone=${zone}: ${why}`, {
      param: "time_zone",
      sent: zone,
    });
  }
  const files = asked.files.map(({ name, content }) => ({
    name,
    bytes: Buffer.from(content, "base64"),
  }));
  const models = catalog.models.filter((model) => model.vendor === vendor.id);
  const formats = billFormats(vendor.id);
  try {
    return readBills(files, { formats, models, format, encoding, zone, map: mapOf(asked.map) });
  } catch (cause) {
    if (!(cause instanceof UnusableBill)) throw cause;
    throw new Refusal("invalid_value", `files: ${cause.message}`, { param: "files", cause });
  }
}

function mapOf(text: string | undefined): ColumnMap | undefined {
  if (text === undefined) return undefined;
  try {
    return readColumnMap(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Refusal("invalid_value", `map: ${cause.message}`, { param: "map", sent: text });
  }
}

/** What the vendor bills of its list price, in millionths. */
function factorOf(discount: string | undefined): bigint {
  if (discount === undefined) return WHOLE_FACTOR;
  const [, whole = "", part = "", percent] = /^(\d*)\.?(\d*)(%?)$/.exec(discount) ?? [];
  const decimals = percent === "%" ? 4 : 6;
  const off = BigInt(`0${whole}${part.padEnd(decimals, "0")}`);
  return WHOLE_FACTOR - off;
}

/** Each price once, by the first days that show it. */
function confirmationsOf(
  confirmable: readonly Confirmable[],
  { id, connection }: { readonly id: string; readonly connection: string },
  { today }: ApiDeps,
): Confirmation[] {
  const by = new Map<string, Confirmation>();
  for (const { priceVersion, meter, unitPrice, quantity, from, to, lines } of confirmable) {
    const key = `${priceVersion} ${meter} ${unitPrice}`;
    if (by.has(key)) continue;
    by.set(key, {
      price_version: priceVersion,
      meter,
      unit_price: formatUsd(unitPrice),
      ...{ connection, reconciliation: id, from, to },
      quantity: String(quantity),
      lines: [...lines],
      confirmed_on: today(),
    });
  }
  return [...by.values()];
}
