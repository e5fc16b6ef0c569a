import { startEmulatedGateway } from "../../emulators/gateway/start.ts";
import { planNamed } from "../../src/audit/probe/choose-models.ts";
import type { CheckResult } from "../../src/audit/probe/evidence.ts";
import { judgeRun } from "../../src/audit/probe/judge.ts";
import { probePrompts } from "../../src/audit/probe/pieces.ts";
import type { ModelPlan } from "../../src/audit/probe/plan.ts";
import { type ProbeEvent, type ProbeRun, runProbe } from "../../src/audit/probe/run.ts";
import { createTarget } from "../../src/audit/probe/target.ts";
import { sumUsd } from "../../src/money/pico-usd.ts";
import { readCatalog } from "../../src/start/read-catalog.ts";
import { testConfig } from "./sandbox.ts";

/** An audit as the command does it, without the command: no terminal, no waiting. */

const catalog = readCatalog(testConfig());
const prompts = await probePrompts();
const choosing = { catalog, prompts, day: "2026-11-26" };

type Audit = { readonly run: ProbeRun; readonly checks: readonly CheckResult[] };

/** The plan of a model by name. */
export function planOf(name: string): ModelPlan {
  const plan = planNamed(name, choosing);
  if ("why" in plan) throw new Error(plan.why);
  return plan;
}

export async function audit(
  at: { readonly url: string; readonly key: string; readonly creditsPath?: string },
  models: readonly string[],
  watching: {
    readonly tell?: (event: ProbeEvent) => void;
    readonly signal?: AbortSignal;
    readonly pause?: (ms: number) => Promise<void>;
  } = {},
): Promise<Audit> {
  const target = createTarget({ creditsPath: undefined, ...at });
  const plans = models.map(planOf);
  try {
    const run = await runProbe(plans, {
      target,
      most: sumUsd(plans.map(({ ceiling }) => ceiling)),
      signal: watching.signal ?? new AbortController().signal,
      pause: watching.pause ?? (async () => undefined),
      tell: watching.tell ?? (() => undefined),
    });
    return { run, checks: judgeRun(run, { catalog, host: target.host }) };
  } finally {
    await target.close();
  }
}

/** An audit of the emulated gateway that tells these lies. */
export async function auditLiar(
  vendorUrl: string,
  lies: readonly string[],
  model = "gpt-image-2",
): Promise<Audit> {
  const gateway = await startEmulatedGateway({ vendorUrl, lies });
  try {
    return await audit({ url: gateway.url, key: "an-auditors-key" }, [model]);
  } finally {
    await gateway.close();
  }
}

/** Ids of the checks with a verdict. */
export function idsOf({ checks }: Audit, verdict: CheckResult["verdict"]): readonly string[] {
  return checks.filter((check) => check.verdict === verdict).map(({ id }) => id);
}
