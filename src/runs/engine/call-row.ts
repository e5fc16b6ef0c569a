import type { Caller } from "../../gateway/caller.ts";
import type { Client, Opened } from "../../gateway/client.ts";
import type { Deps } from "../../gateway/deps.ts";
import { generatePrepared } from "../../gateway/generate-image.ts";
import type { AskedOfImage } from "../../gateway/image-facts.ts";
import { PassingImages } from "../../gateway/passing-images.ts";
import type { Prepared } from "../../gateway/prepare.ts";
import { newId } from "../../ids.ts";
import type { KeyPolicy } from "../../ledger/accounts-port.ts";
import type { Intent, RowName } from "../../ledger/port.ts";
import { LedgerUnavailable } from "../../ledger/port.ts";
import type { PicoUsd } from "../../money/pico-usd.ts";
import { Refusal } from "../../refusals.ts";

/** A row that is claimed, and everything that its call takes. */
export type ReadyRow = {
  readonly name: RowName;
  readonly prepared: Prepared;
  /** What is reserved for it under the run's cap. */
  readonly ceiling: PicoUsd;
  readonly intent: Intent;
  readonly key: KeyPolicy;
  readonly emulate: string | null;
};

/** What this process saw of a row's call; what became of it, the ledger says. */
export type Told = {
  /** The newest hold that was made for it; undefined where none is known of. */
  readonly receiptId: string | undefined;
  /** What it was refused with; undefined where it was not. */
  readonly refusal: Refusal | undefined;
};

/**
 * Carries a row out over the main path, as a client that waits for nothing but its end: its pictures go to the
 * store of results.
 *
 * @param left aborted when it is not to wait for a connection any longer. What was sent is waited for all the same.
 */
export async function callRow(ready: ReadyRow, left: AbortSignal, deps: Deps): Promise<Told> {
  let receiptId: string | undefined;
  let refusal: Refusal | undefined;
  const client: Client = {
    left,
    // Nothing of a row's answer is kept that could be sent again: its receipt says what became of it.
    sendAgain: async ({ body }) => void body.destroy(),
    open: (held) => {
      receiptId = held.receiptId;
      refusal = undefined;
      return openRow(held.prepared, (why) => {
        refusal = why;
      });
    },
  };
  try {
    await generatePrepared(ready.prepared, callerOf(ready, deps), client, deps);
  } catch (cause) {
    refusal = refusalFor(cause, ready, deps);
    receiptId ??= refusal.details.receiptId;
  }
  return { receiptId, refusal };
}

function openRow({ accepted }: Prepared, refused: (refusal: Refusal) => void): Opened {
  const { order, size } = accepted;
  const asked: AskedOfImage = { pixels: size.pixels, format: order.outputFormat };
  const sink = new PassingImages(asked);
  return {
    sink,
    delivered: () => ({ images: sink.images, gone: false }),
    committed: () => false,
    copyTo: () => undefined,
    endOf: () => ({ headers: {}, tail: Buffer.alloc(0) }),
    finish: () => undefined,
    errorOf: () => ({ status: 0, headers: {}, body: "" }),
    refuse: refused,
    abandon: () => undefined,
  };
}

function callerOf({ name, ceiling, intent, key, emulate, prepared }: ReadyRow, deps: Deps): Caller {
  const isEdit = prepared.asked.references !== undefined;
  return {
    accountId: key.accountId,
    accountPath: key.accountPath,
    keyId: key.id,
    requestId: newId("req"),
    surface: isEdit ? "edits" : "generations",
    policy: key,
    vendorHeaders: deps.world === "sandbox" && emulate !== null ? { "x-emulate": emulate } : {},
    same: { intent, adopt: null },
    run: { name, ceiling },
  };
}

/** What ended a call before its vendor was called, or instead of it. */
function refusalFor(cause: unknown, { name }: ReadyRow, deps: Deps): Refusal {
  if (cause instanceof Refusal) return cause;
  if (cause instanceof LedgerUnavailable) {
    return new Refusal("ledger_unavailable", "the ledger can't be asked now", { cause });
  }
  deps.log.error({ ...name, cause }, "a row of a run ended in an error of our own");
  return new Refusal("internal_error", "an error inside the gateway; its operator was alarmed");
}
