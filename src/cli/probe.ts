import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { chooseModels, planNamed } from "../audit/probe/choose-models.ts";
import type { CheckResult } from "../audit/probe/evidence.ts";
import { judgeRun } from "../audit/probe/judge.ts";
import { probePrompts } from "../audit/probe/pieces.ts";
import type { ModelPlan } from "../audit/probe/plan.ts";
import { type ProbeRun, runProbe } from "../audit/probe/run.ts";
import { createTarget, type Target } from "../audit/probe/target.ts";
import { formatUsd, type PicoUsd, sumUsd } from "../money/pico-usd.ts";
import { type CatalogRead, readCatalog } from "../start/read-catalog.ts";
import { confirmSpending, passMaxCost } from "./confirm.ts";
import { EXIT, Misuse, refused } from "./failures.ts";
import { integer, usd } from "./flags.ts";
import { eventText, isEmulated, planText, probeText } from "./probe-text.ts";
import { openSession, type Session } from "./session.ts";
import { withSpinner } from "./spinner.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";

type ProbeFlags = {
  readonly model: readonly string[];
  readonly models: number;
  readonly creditsPath?: string;
  readonly maxCost?: string;
  readonly yes?: true;
};

/** `probe URL`: audits somebody's gateway from outside, with a small budget that is told before. */
export function addProbe(program: Command, terminal: Terminal): void {
  program
    .command("probe")
    .description("audit a gateway's bill from outside: its own word against laws and balance")
    .argument(
      "<url>",
      "the gateway's base, such as https://gateway.example/v1; its key goes to --key",
    )
    .option(
      "--model <id>",
      "a model to probe, as the gateway calls it; may be given again",
      (id: string, before: readonly string[]) => [...before, id],
      [],
    )
    .option("--models <count>", "how many to choose from its list where none is named", integer, 1)
    .option("--credits-path <path>", "where its balance is, where that is not /v1/credits")
    .option("--max-cost <usd>", "refuse a plan whose worst case is above", usd)
    .option("--yes", "spend the plan without asking")
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing inconsistent, 1 something is, or refused, 2 misused.",
    )
    .action(async (url: string, flags: ProbeFlags, command: Command) => {
      const session = openSession(command, terminal);
      const target = createTarget({
        url: checkedUrl(url),
        key: checkedKey(session.key),
        creditsPath: flags.creditsPath,
      });
      try {
        await probe(target, flags, session);
      } finally {
        await target.close();
      }
    });
}

async function probe(target: Target, flags: ProbeFlags, session: Session): Promise<void> {
  const { terminal } = session;
  const catalog = readCatalog(session.config);
  const plans = await makePlans(target, flags, { catalog, session });
  const calls = plans.reduce((sum, plan) => sum + plan.calls.length, 0);
  const most = sumUsd(plans.map(({ ceiling }) => ceiling));
  const expected = sumUsd(plans.map((plan) => plan.expected));
  terminal.note(planText(plans, target.base));
  passMaxCost(`${calls} calls`, { expected, ceiling: most }, flags.maxCost);
  if (flags.yes !== true) {
    await confirmSpending(
      `make ${calls} calls, expected ${formatUsd(expected)} USD, at most ${formatUsd(most)} USD`,
    );
  }
  const run = await watched(target, plans, { most, terminal });
  passUseless(run, target);
  const checks = judgeRun(run, { catalog, host: target.host });
  if (checks.some(({ verdict }) => verdict === "inconsistent")) terminal.endWith(EXIT.refused);
  terminal.result(resultJson(target, run, checks), () =>
    probeText({ base: target.base, run, checks }, terminal),
  );
}

/** Sends the plan; the first Ctrl-C waits for the call that is under way, since it will be billed. */
async function watched(
  target: Target,
  plans: readonly ModelPlan[],
  { most, terminal }: { readonly most: PicoUsd; readonly terminal: Terminal },
): Promise<ProbeRun> {
  const stop = new AbortController();
  const stopListening = onStopSignal(() => {
    terminal.note(
      "stopping: the call that was sent will be billed, so it is waited for (again to end at once)",
    );
    stop.abort();
  });
  const calls = plans.reduce((sum, plan) => sum + plan.calls.length, 0);
  const shown: Target = {
    ...target,
    send: (call) => withSpinner(`${call.id} is under way`, () => target.send(call)),
  };
  try {
    return await runProbe(plans, {
      ...{ target: shown, most, signal: stop.signal },
      pause: async (ms) => {
        await wait(ms, undefined, { signal: stop.signal }).catch(() => undefined);
      },
      tell: (event) => {
        const text = eventText(event, calls);
        if (text !== undefined) terminal.note(text);
      },
    });
  } finally {
    stopListening();
  }
}

async function makePlans(
  target: Target,
  flags: ProbeFlags,
  { catalog, session }: { readonly catalog: CatalogRead; readonly session: Session },
): Promise<readonly ModelPlan[]> {
  const day = session.config.asOf ?? new Date().toISOString().slice(0, 10);
  const choosing = { catalog, prompts: await probePrompts(), day };
  const named = flags.model.map((name) => planNamed(name, choosing));
  const unknown = named.flatMap((each) => ("why" in each ? [each.why] : []));
  if (unknown.length > 0) throw new Misuse(`--model: ${unknown.join("; ")}`);
  const listed = await target.listModels();
  if (listed.kind === "unreachable") {
    throw refused("target_unreachable", `no gateway answers at ${target.base}: ${listed.why}`);
  }
  if (listed.kind === "refused" && [401, 402, 403].includes(listed.status)) {
    const message = `${target.base} does not take this key: ${listed.status}, ${listed.message}`;
    throw refused("key_without_rights", message);
  }
  const plans = named.flatMap((each) => ("why" in each ? [] : [each]));
  if (plans.length > 0) return plans;
  if (listed.kind === "refused") {
    const message = `${target.base}/models answers ${listed.status}: name what to probe with --model`;
    throw refused("no_model_list", message);
  }
  const chosen = chooseModels(listed.ids, flags.models, choosing);
  if (chosen.length > 0) return chosen;
  const message = `none of the ${listed.ids.length} models that ${target.base} lists is in the catalog, alive and priced; --model names one`;
  throw refused("no_model_known", message);
}

/** A run that brought no picture at all says nothing of the gateway, only of the key or the line. */
function passUseless(run: ProbeRun, target: Target): void {
  const isMade = run.models.some(({ records }) =>
    records.some(({ answer }) => answer.pictures.length > 0),
  );
  const { stopped } = run;
  if (isMade || stopped === null || stopped.code === "interrupted") return;
  throw refused(stopped.code, `${target.base}: ${stopped.message}`);
}

function resultJson(target: Target, run: ProbeRun, checks: readonly CheckResult[]): object {
  const { spent, stopped, shapeChanges, balanceUnusable } = run;
  return {
    target: target.base,
    spent: formatUsd(spent.amount),
    spent_by: spent.by,
    currency: "USD",
    models: run.models.map(({ plan, records }) => ({
      model: plan.name,
      price_version: plan.price.id,
      calls: records.length,
      planned_calls: plan.calls.length,
      expected: formatUsd(plan.expected),
      ceiling: formatUsd(plan.ceiling),
    })),
    emulated: isEmulated(run),
    balance: { usable: balanceUnusable === null, why: balanceUnusable },
    stopped,
    shape_changes: shapeChanges,
    checks,
  };
}

function checkedUrl(url: string): string {
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isWeb) return url;
  throw new Misuse(`${url}: must be an address such as https://gateway.example/v1`);
}

/** The target's own key; this home's keys never go elsewhere. */
function checkedKey(key: string | undefined): string {
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new Misuse(
    key === undefined
      ? "--key is needed: a key of the gateway that is audited"
      : "--key: must be printable characters without spaces",
  );
}
