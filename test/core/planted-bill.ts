/**
 * Writes bills from what really happened, and plants errors in them. Knows nothing of how bills are read or
 * matched: amounts are worked out here again, from quantities and unit prices in picodollars.
 */

/** What one call used up, as its vendor knows it. */
export type TrueCall = {
  readonly id: string;
  readonly requestId: string;
  readonly model: string;
  /** The vendor's own day. */
  readonly day: string;
  readonly used: readonly Used[];
};
export type Used = { readonly meter: string; readonly quantity: bigint; readonly unitPico: bigint };

/** One row as it will be written. */
export type Row = {
  readonly day: string;
  readonly model: string;
  readonly meter: string;
  readonly quantity: bigint;
  readonly pico: bigint;
  readonly kind: string;
  readonly request: string;
};

export type Style = {
  /** `requests`: a row a call and meter; else a row a day and meter. */
  readonly by: "days" | "requests";
  readonly decimals: 6 | 12;
  /** Of the list price, in percent. */
  readonly percent: bigint;
};

/** The rows of a bill without an error. */
export function honestRows(calls: readonly TrueCall[], { by, percent }: Style): Row[] {
  const rows = new Map<string, Row>();
  for (const { model, day, requestId, used } of calls) {
    for (const { meter, quantity, unitPico } of used) {
      const request = by === "requests" ? requestId : "";
      const key = [model, day, meter, request].join();
      const before = rows.get(key);
      const pico = (quantity * unitPico * percent) / 100n;
      rows.set(
        key,
        before === undefined
          ? { day, model, meter, quantity, pico, kind: "usage", request }
          : { ...before, quantity: before.quantity + quantity, pico: before.pico + pico },
      );
    }
  }
  return [...rows.values()];
}

/** A row more for usage that no call of ours had. */
export function extraRow(of: Omit<Row, "pico" | "kind"> & Used, { percent }: Style): Row {
  const { day, model, meter, quantity, unitPico, request } = of;
  return {
    ...{ day, model, meter, quantity, request },
    pico: (quantity * unitPico * percent) / 100n,
    kind: "usage",
  };
}

/** CSV in the order given, amounts rounded half up to the decimals of the style. */
export function writeBill(rows: readonly Row[], style: Style): string {
  const lines = rows.map(({ day, model, meter, quantity, pico, kind, request }) =>
    [day, model, meter, String(quantity), decimal(pico, style.decimals), kind, request].join(","),
  );
  return ["Date,Model,Meter,Quantity,Cost,Type,Request", ...lines].join("\r\n");
}

function decimal(pico: bigint, decimals: number): string {
  const by = 10n ** BigInt(12 - decimals);
  const size = pico < 0n ? -pico : pico;
  const digits = String((size + by / 2n) / by).padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return pico < 0n ? `-${text}` : text;
}
