import type { Job, JobCandidate, JobRow, Priced } from "../../runs/proof/job.ts";
import type { RunRow } from "../../runs/read-rows.ts";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import { type Patience, passes, patiently } from "../measure/patience.ts";
import { isOfTheCaller } from "../measure/plan.ts";
import { quoteAnswer, readAnswer } from "../wire.ts";
import { callOf } from "./body.ts";
import { jobRow } from "./draw-rows.ts";

/** What the gateway says of a row at a candidate before anything is spent. */
export type RowQuote = Priced & {
  readonly priceVersion: string;
  readonly emulated: boolean;
  readonly warnings: readonly string[];
};

/** A row with what it costs at each candidate, by the candidate's name. */
export type QuotedRow = { readonly row: JobRow; readonly quotes: ReadonlyMap<string, RowQuote> };

/** Rows that every candidate can do, and those drawn before them that one can't. */
export type QuotedRows = {
  readonly rows: readonly QuotedRow[];
  readonly leftOut: Job["left_out"];
};

type Asked = {
  readonly candidates: readonly Pick<JobCandidate, "name" | "model" | "quality">[];
  readonly proof: string;
  readonly patience: Patience;
  readonly onQuoted: (rows: number) => void;
};

/**
 * Asks for the price of rows, one after another, until so many can be done by every candidate.
 *
 * @param of.skip rows that a candidate can't do are left out and others are drawn; else they count among the rows, so
 * that all of them can be told.
 */
export async function quoteRows(
  gateway: Gateway,
  drawn: readonly RunRow[],
  of: Asked & { readonly want: number; readonly skip: boolean },
): Promise<QuotedRows> {
  const rows: QuotedRow[] = [];
  const leftOut: Job["left_out"][number][] = [];
  let looked = 0;
  for (const each of drawn) {
    if (rows.length === of.want || (!of.skip && looked === of.want)) break;
    looked += 1;
    const row = await jobRow(each);
    const { quotes, blocked } = await quoteRow(gateway, row, of);
    if (blocked.length === 0) rows.push({ row, quotes });
    leftOut.push(...blocked);
    of.onQuoted(looked);
  }
  return { rows, leftOut };
}

/** @throws Refused when the gateway can't be asked at all. */
export async function quoteRow(
  gateway: Gateway,
  row: JobRow,
  of: Pick<Asked, "candidates" | "proof" | "patience">,
): Promise<{
  readonly quotes: ReadonlyMap<string, RowQuote>;
  readonly blocked: Job["left_out"];
}> {
  const quotes = new Map<string, RowQuote>();
  const blocked: Job["left_out"] = [];
  for (const candidate of of.candidates) {
    const { body } = await callOf(row, candidate, of.proof);
    const call = { method: "POST", path: "/v1/images/quote", body } as const;
    try {
      const answer = await patiently(() => gateway.call(call), of.patience);
      const quote = readAnswer(quoteAnswer, answer.body);
      quotes.set(candidate.name, {
        expected: quote.expected.total,
        ceiling: quote.ceiling.total,
        priceVersion: quote.price_version,
        emulated: quote.emulated,
        warnings: quote.warnings,
      });
    } catch (cause) {
      if (!(cause instanceof Refused) || passes(cause) || isOfTheCaller(cause)) throw cause;
      const { code, message } = cause.said;
      blocked.push({ row: row.id, candidate: candidate.name, code: code ?? "refused", message });
    }
  }
  return { quotes, blocked };
}
