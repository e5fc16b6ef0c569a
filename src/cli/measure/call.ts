import { createHash } from "node:crypto";
import { z } from "zod";
import { orderOf } from "../../measure/order.ts";
import type { Predicted, Result } from "../../measure/result.ts";
import type { RunFile } from "../../measure/run-file.ts";
import { Misuse, Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { HttpAnswer } from "../http-client.ts";
import { fetchReceipt } from "../receipt.ts";
import { imagesAnswer, type Receipt } from "../wire.ts";
import { picturePath } from "./folder.ts";
import { type Patience, patiently } from "./patience.ts";
import { type QuotedCell, usageOf } from "./plan.ts";

/** One call to make: a cell, which repeat of it, and which try of that repeat. */
export type Job = {
  readonly planned: Extract<QuotedCell, { kind: "quoted" }>;
  readonly repeat: number;
  /** 0, and one more for each try that ended in a failure for good. */
  readonly tries: number;
};

/** What came of it. */
export type Called = {
  readonly result: Result;
  readonly pictures: readonly { readonly file: string; readonly bytes: Buffer }[];
  /** Set where there is no use in going on. */
  readonly ends: Refused | undefined;
};

/** Refusals after which every further call would be refused alike. */
const ENDING = new Set([
  "gateway_unreachable",
  "not_a_gateway",
  "missing_api_key",
  "invalid_api_key",
  "revoked_api_key",
  "expired_api_key",
  "sandbox_key",
  "live_key",
  "budget_exceeded",
  "exposure_limit",
  "vendor_cost_limit",
  "ledger_range",
  "ledger_unavailable",
]);

/** Whether a failure says nothing of its cell: a resumed run makes the call again. */
export function endsRun(code: string | null): boolean {
  return code !== null && ENDING.has(code);
}

/** What a refused or failed call was measured to cost, unless a receipt says otherwise. */
const NOTHING: Result["measured"] = {
  usage: {},
  total: "0",
  basis: "none",
  reason: null,
  lines: [],
  price_version: null,
  quality: null,
  reported: null,
  flags: [],
};

/** The record of a cell that the gate refused. */
export function refusedResult(
  cell: Extract<QuotedCell, { kind: "refused" }>,
  run: RunFile,
): Result {
  return {
    ...{ sweep: cell.sweep, cell: cell.cell, repeat: 1, status: "refused" },
    ...{ at: new Date().toISOString(), receipt_id: null, vendor_request_id: null },
    ...{ predicted: null, measured: NOTHING, delivered: [], ms: 0, emulated: run.emulated },
    error: errorOf(cell.said),
  };
}

/** Makes one call and reads its bill. A failure is a result, with its code. @throws anything but a refusal */
export async function callCell(
  gateway: Gateway,
  job: Job,
  given: { readonly run: RunFile; readonly patience: Patience },
): Promise<Called> {
  const { run, patience } = given;
  const { path, body } = orderOf(job.planned.cell, { prompts: run.prompts, runId: run.run_id });
  const headers = { "idempotency-key": idempotencyKey(run, job) };
  const startMs = performance.now();
  const base = baseOf(job, run);
  const ms = (): number => Math.round(performance.now() - startMs);
  try {
    const answer = await patiently(
      () => gateway.call({ method: "POST", path, body, headers }),
      patience,
    );
    return await read(gateway, answer, { ...base, ms: ms() }, job);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    const { code, receipt_id: receiptId } = cause.said;
    const bill = typeof receiptId === "string" ? await billOf(gateway, receiptId) : {};
    const failed = { ...base, ms: ms(), status: "failed" as const, error: errorOf(cause.said) };
    return {
      result: { ...failed, ...bill },
      pictures: [],
      ends: endsRun(code) ? cause : undefined,
    };
  }
}

/** The same call of the same run has the same key: a resumed run finds what was paid already. */
function idempotencyKey({ run_id: id }: RunFile, { planned, repeat, tries }: Job): string {
  const cell = createHash("sha256").update(planned.key).digest("hex").slice(0, 24);
  return `measure-${id}-${cell}-${repeat}-${tries}`;
}

function baseOf({ planned, repeat }: Job, run: RunFile): Omit<Result, "status"> {
  const predicted: Predicted = planned.predicted;
  return {
    ...{ sweep: planned.sweep, cell: planned.cell, repeat },
    ...{ at: new Date().toISOString(), receipt_id: null, vendor_request_id: null },
    ...{ predicted, measured: NOTHING, delivered: [], ms: 0, emulated: run.emulated, error: null },
  };
}

async function read(
  gateway: Gateway,
  answer: HttpAnswer,
  base: Omit<Result, "status">,
  job: Job,
): Promise<Called> {
  const parsed = imagesAnswer.safeParse(answer.body);
  const receiptId = parsed.data?.usage.cost_details.receipt_id ?? answer.headers["x-receipt-id"];
  const bill = typeof receiptId === "string" ? await billOf(gateway, receiptId) : {};
  if (parsed.data === undefined) {
    const message = `the gateway's answer is not understood: ${z.prettifyError(parsed.error)}`;
    const error = { code: "unknown_answer", message, param: null };
    return { result: { ...base, ...bill, status: "failed", error }, pictures: [], ends: undefined };
  }
  const quality = z.looseObject({ quality: z.string() }).safeParse(answer.body).data?.quality;
  const measured = { ...(bill.measured ?? NOTHING), quality: quality ?? null };
  const pictures = parsed.data.data.map(({ b64_json: base64 }, index) => ({
    file: picturePath(pictureName(job, index, bill.delivered?.[index]?.format ?? null)),
    bytes: Buffer.from(base64, "base64"),
  }));
  return { result: { ...base, ...bill, measured, status: "ok" }, pictures, ends: undefined };
}

function pictureName({ planned, repeat }: Job, index: number, format: string | null): string {
  const name = planned.key.replace(/[^\w.=-]+/g, "-");
  return `${name}-${repeat}-${index + 1}.${format === "jpeg" ? "jpg" : (format ?? "bin")}`;
}

type BillFields = Pick<Result, "receipt_id" | "vendor_request_id" | "measured" | "delivered">;

/** What the receipt says; where it can't be had now, its id alone stands and the rest is said to be missing. */
async function billOf(gateway: Gateway, receiptId: string): Promise<Partial<BillFields>> {
  try {
    const receipt = await fetchReceipt(gateway, receiptId);
    return {
      receipt_id: receiptId,
      vendor_request_id: await vendorRequestId(gateway, receiptId),
      measured: measuredOf(receipt),
      delivered: receipt.images.map(({ width, height, format, bytes }) => ({
        ...{ width, height, format, bytes, file: null },
      })),
    };
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    return {
      receipt_id: receiptId,
      measured: { ...NOTHING, flags: [`receipt_unread: ${cause.message}`] },
    };
  }
}

const bases = z.enum(["usage", "flat", "ceiling"]).catch("usage");

function measuredOf(receipt: Receipt): Result["measured"] {
  const { lines, basis, total, reason, price_version: version, flags } = receipt;
  return {
    usage: usageOf(lines),
    total,
    basis: basis === "none" ? "none" : bases.parse(basis),
    reason,
    lines,
    price_version: version,
    quality: null,
    reported: receipt["usage"] ?? null,
    flags,
  };
}

const attempts = z.looseObject({
  attempts: z.array(z.looseObject({ vendor_request_id: z.string().nullable() })),
});

/** Only the house is told; null for whoever has an API key alone. */
async function vendorRequestId(gateway: Gateway, receiptId: string): Promise<string | null> {
  try {
    const path = `/admin/v1/receipts/${receiptId}`;
    const { body } = await gateway.administer({ method: "GET", path });
    return attempts.safeParse(body).data?.attempts.at(-1)?.vendor_request_id ?? null;
  } catch (cause) {
    if (cause instanceof Misuse || cause instanceof Refused) return null;
    throw cause;
  }
}

function errorOf({ code, message, param }: Refused["said"]) {
  return { code, message, param };
}
