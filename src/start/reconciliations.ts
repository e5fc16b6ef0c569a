import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Confirmations, confirmationSchema } from "../audit/reconcile/confirmations.ts";
import type { ReconciliationStore } from "../audit/reconcile/store.ts";
import type { World } from "../ledger/open.ts";
import { StartError } from "./errors.ts";
import { readJsonFile, readText, writeOwnerOnly } from "./home.ts";

/**
 * Reconciliations and confirmed prices as files of the home, each world's for itself: what an emulator bills
 * confirms no price of a real vendor.
 */

const fileSchema = z.strictObject({ confirmations: z.array(confirmationSchema) });
const keptSchema = z.looseObject({ id: z.string() });
const ID = /^recn_[0-9a-z]{26}$/;

/** The prices that bills have confirmed. @throws StartError for a file that can't be understood. */
export function readConfirmations(home: string, world: World): Confirmations {
  const file = confirmationsFile(home, world);
  const text = readText(file);
  if (text === undefined) return new Confirmations();
  try {
    return new Confirmations(fileSchema.parse(JSON.parse(text)).confirmations);
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is no JSON";
    throw new StartError(`${file} can't be understood: ${why}`, { cause });
  }
}

export function openReconciliations(of: {
  readonly home: string;
  readonly world: World;
  readonly confirmations: Confirmations;
}): ReconciliationStore {
  const { home, world, confirmations } = of;
  const folder = join(home, "reconciliations", world);
  const fileOf = (id: string): string => join(folder, `${id}.json`);
  const read = (id: string) => readJsonFile(fileOf(id), keptSchema);
  return {
    keep: async (reconciliation) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeOwnerOnly(fileOf(reconciliation.id), `${JSON.stringify(reconciliation, null, 2)}\n`);
    },
    list: async (most) =>
      idsIn(folder)
        .slice(0, most)
        .flatMap((id) => read(id) ?? []),
    find: async (id) => (ID.test(id) ? read(id) : undefined),
    confirm: async (more) => {
      const added = confirmations.add(more);
      if (added.length > 0) {
        const text = JSON.stringify({ confirmations: confirmations.all() }, null, 2);
        writeOwnerOnly(confirmationsFile(home, world), `${text}\n`);
      }
      return added;
    },
  };
}

function confirmationsFile(home: string, world: World): string {
  return join(home, `confirmations.${world}.json`);
}

/** Ids sort by age. */
function idsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((name) => name.replace(/\.json$/, ""))
      .filter((id) => ID.test(id))
      .toSorted()
      .reverse();
  } catch {
    return []; // nothing was kept yet
  }
}
