import type { ImageOrder } from "../../gates/order.ts";
import type { Deps } from "../../gateway/deps.ts";
import type { Run, RunRow } from "../../ledger/runs-port.ts";
import { withOutput } from "./out.ts";
import { orderOfRow, type RowOrder, readRowOrder } from "./row-order.ts";
import { type PictureSource, picturesOf } from "./row-pictures.ts";
import { settingsOf } from "./settings.ts";

/** A row that is about to be priced or called; its order was read with it. */
export type AskedRow = { readonly run: Run; readonly row: RunRow };

/**
 * All that a row asks for, its pictures in hand: the same order whether it is priced or called.
 *
 * @throws Refusal for what no order can be made of.
 */
export async function wholeOrder(
  { run, row }: AskedRow,
  from: Omit<PictureSource, "run">,
  deps: Pick<Deps, "legacy" | "outputs">,
): Promise<{ readonly order: ImageOrder; readonly kept: RowOrder }> {
  if (row.order == null) throw new Error(`the order of row ${row.row} of ${run.id} is gone`);
  const kept = readRowOrder(row.order);
  const words = orderOfRow(kept, deps.legacy);
  const pictures = await picturesOf(kept, { ...from, run });
  const { out } = settingsOf(run);
  const order = withOutput({ ...words, ...pictures }, { run: run.id, row: row.row, out }, deps);
  return { order, kept };
}
