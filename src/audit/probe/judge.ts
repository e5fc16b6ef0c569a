import type { Catalog } from "../../catalog/find.ts";
import { publicHosts } from "../../vendors/public-hosts.ts";
import { type Check, type Findings, resultOf } from "./checks/finding.ts";
import {
  honoursBackground,
  honoursMask,
  honoursN,
  honoursOutputFormat,
  honoursQuality,
  honoursSize,
} from "./checks/honours.ts";
import { noLeaks } from "./checks/leaks.ts";
import { cacheDiscount, cost, failedCalls, idempotency, imageRate } from "./checks/money.ts";
import { refusesImpossible } from "./checks/refuses-impossible.ts";
import { billsNAndPrompt, sameModel, usageLaw } from "./checks/tokens.ts";
import { swappedTo } from "./diagnose.ts";
import type { CheckResult, ModelEvidence } from "./evidence.ts";
import { fitPrices } from "./price-fit.ts";
import type { ProbeRun } from "./run.ts";
import { sharpen } from "./sharpen.ts";

/** In the order in which they are printed. */
const CHECKS: readonly Check[] = [
  refusesImpossible,
  honoursSize,
  honoursN,
  honoursQuality,
  honoursOutputFormat,
  honoursBackground,
  honoursMask,
  usageLaw,
  billsNAndPrompt,
  cacheDiscount,
  imageRate,
  cost,
  failedCalls,
  idempotency,
  noLeaks,
  sameModel,
];

/** Every question about one model, answered. Pure. */
export function judgeModel(read: ModelEvidence): readonly CheckResult[] {
  const evidence = { ...read, records: sharpen(read.records) };
  const findings: Findings = {
    evidence,
    swapped: swappedTo(evidence),
    fit: fitPrices(evidence),
  };
  return CHECKS.map((check) => resultOf(check, findings));
}

/** Every question about every model of a run. */
export function judgeRun(
  run: Pick<ProbeRun, "models" | "balanceUnusable">,
  of: { readonly catalog: Catalog; readonly host: string },
): readonly CheckResult[] {
  const { balanceUnusable: why } = run;
  const shared = {
    balance: why === null ? ({ usable: true } as const) : ({ usable: false, why } as const),
    known: of.catalog.models.filter(({ outputLaw }) => outputLaw.kind !== "flat"),
    host: of.host,
    foreignHosts: publicHosts(),
  };
  return run.models.flatMap(({ plan: { model, price }, records }) =>
    judgeModel({ model, price, records, ...shared }),
  );
}
