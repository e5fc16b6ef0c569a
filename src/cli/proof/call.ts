import { createHash } from "node:crypto";
import type { Job, JobCandidate, JobRow } from "../../runs/proof/job.ts";
import type { Call, Made } from "../../runs/proof/made.ts";
import { Refused } from "../failures.ts";
import type { Gateway } from "../gateway.ts";
import type { HttpAnswer } from "../http-client.ts";
import { endsRun } from "../measure/call.ts";
import { type Patience, patiently } from "../measure/patience.ts";
import { pictureFacts } from "../picture-files.ts";
import { fetchReceipt } from "../receipt.ts";
import { imagesAnswer, type Receipt, readAnswer } from "../wire.ts";
import { callOf } from "./body.ts";
import type { ProofFolder } from "./folder.ts";

/** A call with the row and the candidate that it names. */
export type ProofJob = {
  readonly call: Call;
  readonly row: JobRow;
  readonly candidate: JobCandidate;
};

/** What came of a call. */
export type Called = {
  readonly made: Made;
  /** Set where there is no use in going on: nothing of this call is recorded then. */
  readonly ends: Refused | undefined;
};

/**
 * Makes one picture and keeps it. A failure is a record, with its code.
 *
 * @throws anything but a refusal of the gateway's
 */
export async function callForProof(
  gateway: Gateway,
  job: ProofJob,
  of: { readonly folder: ProofFolder; readonly patience: Patience },
): Promise<Called> {
  const { folder, patience } = of;
  const { path, body } = await callOf(job.row, job.candidate, folder.job.id);
  const headers = { "idempotency-key": idempotencyKey(folder.job, job.call) };
  const startMs = performance.now();
  const base = (): Made => ({
    ...job.call,
    at: new Date().toISOString(),
    status: "failed",
    receipt_id: null,
    charged: "0",
    price_version: null,
    served_model: null,
    picture: null,
    error: null,
    ms: Math.round(performance.now() - startMs),
  });
  try {
    const answer = await patiently(
      () => gateway.call({ method: "POST", path, body, headers }),
      patience,
    );
    return { made: await keep(gateway, answer, { base, folder }), ends: undefined };
  } catch (cause) {
    if (!(cause instanceof Refused) || isOurs(cause)) throw cause;
    const { code, message, receipt_id: receiptId } = cause.said;
    const bill = typeof receiptId === "string" ? await billOf(gateway, receiptId) : {};
    return {
      made: { ...base(), ...bill, error: { code, message } },
      ends: endsRun(code) ? cause : undefined,
    };
  }
}

/** A disk that says no, or a reference that changed: nothing that the gateway said. */
function isOurs({ said }: Refused): boolean {
  return ["disk_full", "not_written", "reference_changed", "unknown_answer"].includes(
    said.code ?? "",
  );
}

/** The same call of the same proof has the same key: a proof that goes on finds what was paid already. */
function idempotencyKey({ id }: Job, { row, candidate, try: turn, attempt }: Call): string {
  const cell = createHash("sha256")
    .update(JSON.stringify([row, candidate]))
    .digest("hex");
  return `${id}-${cell.slice(0, 24)}-${turn}-${attempt}`;
}

async function keep(
  gateway: Gateway,
  answer: HttpAnswer,
  of: { readonly base: () => Made; readonly folder: ProofFolder },
): Promise<Made> {
  const { data, usage } = readAnswer(imagesAnswer, answer.body);
  const { receipt_id: receiptId, total } = usage.cost_details;
  const base = of.base();
  const bytes = Buffer.from(data[0]?.b64_json ?? "", "base64");
  const file = await of.folder.keepPicture(bytes);
  const { width, height, format } = pictureFacts(bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    ...base,
    charged: total,
    ...(await billOf(gateway, receiptId)),
    status: "made",
    receipt_id: receiptId,
    picture: { file, sha256, bytes: bytes.length, width, height, format },
  };
}

/** What the receipt says; where it can't be had now, its id alone stands. */
async function billOf(
  gateway: Gateway,
  receiptId: string,
): Promise<Partial<Pick<Made, "receipt_id" | "charged" | "price_version" | "served_model">>> {
  let receipt: Receipt;
  try {
    receipt = await fetchReceipt(gateway, receiptId);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    return { receipt_id: receiptId };
  }
  return {
    receipt_id: receiptId,
    charged: receipt.total,
    price_version: receipt.price_version,
    served_model: receipt.served_model,
  };
}
