import type { CallRecord, CheckResult, EvidenceShown, Verdict } from "../audit/probe/evidence.ts";
import type { ModelPlan } from "../audit/probe/plan.ts";
import type { ProbeEvent, ProbeRun } from "../audit/probe/run.ts";
import { formatUsd, sumUsd } from "../money/pico-usd.ts";
import { alignPoints, table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What is going to be sent and what it costs by the catalog, before anything is. */
export function planText(plans: readonly ModelPlan[], base: string): string {
  const parts = plans.map(({ name, price, calls, expected, ceiling }) => {
    const expectedColumn = alignPoints([
      ...calls.map((call) => formatUsd(call.expected)),
      formatUsd(expected),
    ]);
    const ceilingColumn = alignPoints([
      ...calls.map((call) => formatUsd(call.ceiling)),
      formatUsd(ceiling),
    ]);
    const rows = [...calls.map(({ id, about }) => [id, about]), ["in all", ""]].map(
      ([id = "", about = ""], index) => [
        ...[id, expectedColumn[index] ?? "", ceilingColumn[index] ?? "", about],
      ],
    );
    const columns = [
      { name: "call" },
      { name: "expected (USD)" },
      { name: "at most" },
      { name: "good for" },
    ];
    return [`${name}, priced by ${price.id} (${price.mark}):`, table(columns, rows)].join("\n");
  });
  const total = (which: "expected" | "ceiling"): string =>
    formatUsd(sumUsd(plans.map((plan) => plan[which])));
  const calls = plans.reduce((sum, plan) => sum + plan.calls.length, 0);
  return [
    `probe of ${base}: ${calls} calls`,
    ...parts,
    `Expected ${total("expected")} USD, at most ${total("ceiling")}: by the published laws. A gateway that overcharges may take more; then the rest is not sent.`,
  ].join("\n\n");
}

/** A line on the way; undefined for what needs none. */
export function eventText(event: ProbeEvent, calls: number): string | undefined {
  switch (event.kind) {
    case "sending":
      return undefined;
    case "waits":
      return `  ${event.call.id}: 429, told to wait ${event.ms / 1_000} s`;
    case "answered": {
      const { record, spent } = event;
      const done = `[${event.index + 1}/${calls}]`;
      return `${done} ${record.call.id}: ${answerText(record)}; ${formatUsd(spent.amount)} USD so far`;
    }
    default:
      return event satisfies never;
  }
}

function answerText({ answer }: CallRecord): string {
  if (answer.status === null) return `no answer (${answer.error ?? ""})`;
  const { length } = answer.pictures;
  if (length === 0) return String(answer.status);
  return `${answer.status}, ${length} ${length === 1 ? "picture" : "pictures"}`;
}

const MARKS: Readonly<Record<Verdict, "green" | "red" | "yellow">> = {
  consistent: "green",
  inconsistent: "red",
  cannot_tell: "yellow",
};

/** The verdicts, then the evidence of what is inconsistent. */
export function probeText(
  of: {
    readonly base: string;
    readonly run: ProbeRun;
    readonly checks: readonly CheckResult[];
  },
  terminal: Terminal,
): string {
  const { run, checks } = of;
  const parts = run.models.map(({ plan }) => {
    const own = checks.filter(({ model }) => model === plan.model.id);
    const width = Math.max(...own.map(({ id }) => id.length));
    const rows = own.map(({ id, verdict, why }) => {
      const mark = terminal.style(MARKS[verdict], verdict.replace("_", " ").padEnd(12));
      return `${mark}  ${id.padEnd(width)}  ${why}`;
    });
    return [terminal.style("bold", plan.name), ...rows].join("\n");
  });
  return [...parts, ...findings(checks), ...notes(run), summary(of)].join("\n\n");
}

function findings(checks: readonly CheckResult[]): readonly string[] {
  return checks
    .filter(({ verdict }) => verdict === "inconsistent")
    .map(({ id, model, why, law, evidence }) =>
      [
        `${id} (${model}): ${why}`,
        `  law: ${law.says}. ${law.source} [${law.mark}]`,
        ...evidence.map(evidenceText),
      ].join("\n"),
    );
}

function evidenceText({ call, sent, received }: EvidenceShown): string {
  return `  ${call}: sent ${JSON.stringify(sent)}\n    received ${JSON.stringify(received)}`;
}

/** Whether the target itself says that no real vendor is behind it. */
export function isEmulated({ models }: Pick<ProbeRun, "models">): boolean {
  return models.some(({ records }) => records.some(({ answer }) => answer.sandbox));
}

function notes(run: ProbeRun): readonly string[] {
  const { stopped, shapeChanges, balanceUnusable } = run;
  const sandbox = "A sandbox: its vendors are emulated, so only its bill was audited.";
  return [
    ...(isEmulated(run) ? [sandbox] : []),
    ...(stopped === null
      ? []
      : [`Stopped early: ${stopped.message}. What is known so far stands above.`]),
    ...shapeChanges.map(
      ({ call, was, is }) => `The answer's fields changed at ${call}: ${difference(was, is)}`,
    ),
    ...(balanceUnusable === null ? [] : [`Balance: ${balanceUnusable}.`]),
  ];
}

/** Names that only one of two shapes has. */
function difference(was: string, is: string): string {
  const [before, after] = [was, is].map((shape) => shape.split(" "));
  const gone = before?.filter((name) => after?.includes(name) !== true) ?? [];
  const fresh = after?.filter((name) => before?.includes(name) !== true) ?? [];
  return [
    ...(gone.length === 0 ? [] : [`without ${gone.join(", ")}`]),
    ...(fresh.length === 0 ? [] : [`with ${fresh.join(", ")}`]),
  ].join("; ");
}

function summary({ base, run, checks }: Parameters<typeof probeText>[0]): string {
  const count = (verdict: Verdict): number =>
    checks.filter((check) => check.verdict === verdict).length;
  const by = { balance: "by its balance", claims: "by its own word", quote: "as quoted" };
  return `${base}: ${count("consistent")} consistent, ${count("inconsistent")} inconsistent, ${count("cannot_tell")} can't be told. Spent ${formatUsd(run.spent.amount)} USD ${by[run.spent.by]}.`;
}
