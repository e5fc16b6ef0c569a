import type { ImageOutcome, Judgeable, NotedResult } from "../../ledger/outcomes-port.ts";
import type { Ledger } from "../../ledger/port.ts";
import { Refusal } from "../../refusals.ts";
import type { BatchVerdict, Verdict } from "./bodies.ts";

/** Notes outcomes as they were sent: everything is checked before anything is noted. */

/** Who says so, and about which accounts' pictures. */
export type Judge = {
  readonly actor: string;
  /** Whether pictures that this account paid may be judged; receipts of others aren't there. */
  readonly mayJudge: (accountId: string) => Promise<boolean>;
};

/** What stands in the way of one outcome of a batch. */
export type OutcomeProblem = {
  /** Its place in the request, from 0. */
  readonly index: number;
  readonly receipt_id: string;
  readonly image: number;
  readonly refusal: Refusal;
};

/** What came of a request. */
export type Noted = { readonly posted: number; readonly unchanged: number };

/**
 * Notes outcomes of one receipt: all or none.
 *
 * @throws Refusal for a receipt that isn't there, has not settled, or didn't deliver the picture.
 */
export async function noteOne(
  ledger: Ledger,
  receiptId: string,
  of: { readonly verdicts: readonly Verdict[]; readonly actor: string },
): Promise<Noted> {
  refuseTwice(of.verdicts);
  const outcomes = of.verdicts.map(outcomeIn);
  const result = await ledger.noteOutcomes({ holdId: receiptId, outcomes, actor: of.actor });
  if (result.kind === "refused") throw refusalOf(receiptId, result);
  return { posted: result.posted, unchanged: result.unchanged };
}

/** Everything that stands in the way of a batch, in its order. */
export async function problemsOf(
  ledger: Ledger,
  verdicts: readonly BatchVerdict[],
  judge: Judge,
): Promise<readonly OutcomeProblem[]> {
  const ids = verdicts.map(({ receipt_id: id }) => id);
  const found = new Map((await ledger.judgeable(ids)).map((each) => [each.holdId, each]));
  const firsts = new Map<string, number>();
  const problems: OutcomeProblem[] = [];
  for (const [index, verdict] of verdicts.entries()) {
    const { receipt_id, image } = verdict;
    const known = found.get(receipt_id);
    const own = known !== undefined && (await judge.mayJudge(known.accountId)) ? known : undefined;
    const place = `${receipt_id} ${image}`;
    const first = firsts.get(place);
    if (first === undefined) firsts.set(place, index);
    const refusal =
      standsInTheWay(verdict, own) ?? (first === undefined ? undefined : twice(verdict, first));
    if (refusal !== undefined) problems.push({ index, receipt_id, image, refusal });
  }
  return problems;
}

/**
 * Notes a batch that has no problems: receipt by receipt, each all or none. Side by side they share commits.
 *
 * @throws Refusal for what changed since it was checked; others of the batch may be noted, and the whole batch
 *   may be sent again.
 */
export async function noteBatch(
  ledger: Ledger,
  verdicts: readonly BatchVerdict[],
  actor: string,
): Promise<Noted> {
  const byReceipt = new Map<string, BatchVerdict[]>();
  for (const verdict of verdicts) {
    const own = byReceipt.get(verdict.receipt_id);
    if (own === undefined) byReceipt.set(verdict.receipt_id, [verdict]);
    else own.push(verdict);
  }
  const noted = await Promise.all(
    [...byReceipt].map(([id, own]) => noteOne(ledger, id, { verdicts: own, actor })),
  );
  return {
    posted: noted.reduce((sum, each) => sum + each.posted, 0),
    unchanged: noted.reduce((sum, each) => sum + each.unchanged, 0),
  };
}

function outcomeIn({ image, kept, reason = null }: Verdict): ImageOutcome {
  return { image, kept, reason };
}

function refuseTwice(verdicts: readonly Verdict[]): void {
  for (const [index, verdict] of verdicts.entries()) {
    const first = verdicts.findIndex(({ image }) => image === verdict.image);
    if (first < index) throw twice(verdict, first).with({ param: `outcomes.${index}.image` });
  }
}

function twice({ image }: Verdict, first: number): Refusal {
  const why = `image=${image}: outcomes.${first} says something of this picture already`;
  return new Refusal("invalid_value", why, { param: "image", sent: image });
}

function standsInTheWay(
  { receipt_id: id, image }: BatchVerdict,
  known: Judgeable | undefined,
): Refusal | undefined {
  if (known === undefined) return refusalOf(id, { reason: "unknown_receipt" });
  const { images } = known;
  if (images === null) return refusalOf(id, { reason: "not_settled" });
  if (image < images) return undefined;
  return refusalOf(id, { reason: "no_such_image", image, images });
}

type Refused =
  | { readonly reason: "unknown_receipt" | "not_settled" }
  | Pick<
      Extract<NotedResult, { reason: "no_such_image" | "judged_too_often" }>,
      "reason" | "image" | "images"
    >;

function refusalOf(id: string, refused: Refused): Refusal {
  switch (refused.reason) {
    case "unknown_receipt":
      return noSuchReceipt(id);
    case "not_settled":
      return new Refusal(
        "not_settled",
        `receipt ${id} has no pictures to judge: it is still open, or ended without one`,
        { param: "receipt_id", sent: id },
      );
    case "no_such_image": {
      const { image, images } = refused;
      const range = images === 1 ? "only picture 0" : `pictures 0 to ${images - 1}`;
      const allowed = { image_min: 0, image_max: images - 1 };
      const why = `image=${image}: receipt ${id} delivered ${images === 0 ? "no picture" : range}`;
      return new Refusal("no_such_image", why, { param: "image", sent: image, allowed });
    }
    case "judged_too_often": {
      const { image } = refused;
      const why = `image=${image}: receipt ${id} had more changes of mind about this picture than the journal takes`;
      return new Refusal("conflict", why, { param: "image", sent: image });
    }
    default:
      return refused satisfies never;
  }
}

export function noSuchReceipt(id: string): Refusal {
  const why = "no such receipt on this account";
  return new Refusal("not_found", why, { param: "receipt_id", sent: id });
}
