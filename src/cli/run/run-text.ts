import { formatUsd } from "../../money/pico-usd.ts";
import { alignPoints, table } from "../table.ts";
import type { RowChanges } from "./load.ts";
import { capLeft } from "./run-progress.ts";
import type { Run } from "./wire.ts";

/** Reasons of blocked rows that are printed. */
const REASONS_MAX = 20;

type Bold = (text: string) => string;

/** What a run would do, before anybody is asked. */
export function beforeText(
  run: Run,
  of: {
    readonly changes: RowChanges | undefined;
    readonly split: readonly { readonly part: string; readonly rows: number }[];
  },
): string {
  const { remaining } = run;
  const rows = remaining?.rows ?? run.counts.waiting;
  const [expected, ceiling] = [
    remaining?.expected ?? run.expected,
    remaining?.ceiling ?? run.ceiling,
  ];
  return [
    `${run.id}: ${counted(rows, "row")} to run${world(run)}`,
    ...changesText(of.changes),
    ...of.split.map(({ part, rows: share }) => `split:${part}: ${counted(share, "row")}`),
    `expected ${expected} USD, at most ${ceiling} USD`,
    capText(run),
    ...blockedText(run),
  ].join("\n");
}

/** Nothing of a first loading: there all rows are new. */
function changesText(changes: RowChanges | undefined): readonly string[] {
  if (changes === undefined) return [];
  const { added, changed, unchanged, removed } = changes;
  if (unchanged + changed + removed === 0) return [];
  return [
    `${unchanged} unchanged, ${changed} changed, ${added} new, ${removed} gone from the file`,
  ];
}

function capText(run: Run): string {
  const left = capLeft(run);
  if (left === undefined) return "no --max-cost: the account's own limits hold";
  return `cap ${run.max_cost} USD, ${formatUsd(left)} of it left: stops before the row that would not fit`;
}

function blockedText({ blocked, counts }: Run): readonly string[] {
  if (counts.blocked === 0) return [];
  const rows = blocked.slice(0, REASONS_MAX).map(({ rows: count, code, why, ids }) => {
    const more = count > ids.length ? ` and ${count - ids.length} more` : "";
    return [String(count), code, why, `${ids.join(", ")}${more}`];
  });
  const more = blocked.length - rows.length;
  return [
    "",
    `blocked: ${counted(counts.blocked, "row")}, of which nothing is sent`,
    table(
      [{ name: "rows", right: true }, { name: "code" }, { name: "why" }, { name: "ids" }],
      rows,
    ),
    ...(more > 0 ? [`and ${more} more reasons`] : []),
  ];
}

/** What a run came to. */
export function afterText(
  run: Run,
  of: {
    readonly out: string | undefined;
    readonly pictures: number;
    readonly moderated: number;
    readonly failures: number;
  },
  bold: Bold,
): string {
  const { out } = of;
  const counts = { ...run.counts, skipped: run.counts.skipped - run.removed };
  const names = Object.entries({ ...counts, "gone from the file": run.removed }).filter(
    ([, rows]) => rows !== 0,
  );
  const money = ["settled", "held", "exposure", "expected", "ceiling"] as const;
  const amounts = alignPoints(money.map((name) => run[name]));
  const labels = { ...LABELS, expected: "planned: expected", ceiling: "planned: at most" };
  const files =
    out === undefined
      ? []
      : [
          "",
          `${counted(of.pictures, "picture")} in ${out}, listed in manifest.jsonl`,
          ...(of.moderated === 0 ? [] : [`${counted(of.moderated, "row")} in moderated.csv`]),
          ...(of.failures === 0
            ? []
            : [`${counted(of.failures, "row")} in failures.csv, with what to do`]),
        ];
  return [
    bold(`${run.id}${run.name === null ? "" : ` (${run.name})`}: ${run.state}${world(run)}`),
    ...stoppedText(run),
    "",
    table(
      [{ name: "rows", right: true }, { name: "state" }],
      names.map(([name, rows]) => [String(rows), name]),
    ),
    "",
    table(
      [{ name: "USD" }, { name: "" }],
      money.map((name, place) => [amounts[place] ?? "", labels[name]]),
    ),
    ...files,
    ...nextText(run, out ?? run.id),
  ].join("\n");
}

const LABELS = {
  settled: "settled",
  held: "held",
  exposure: "exposure: what vendors may bill though nobody is charged",
} as const;

/** Why a run stands. */
export function stoppedText({ stopped }: Run): readonly string[] {
  if (stopped === null) return [];
  const { reason, message } = stopped;
  const told = typeof message === "string" ? `${reason}: ${message}` : reason;
  return [`it stands: ${told}`];
}

function nextText(run: Run, target: string): readonly string[] {
  const { counts, state } = run;
  const isOver = state === "ended" || state === "cancelled";
  const higher = run.stopped?.reason === "cap" ? " --max-cost HIGHER" : "";
  const again = isOver ? `run FILE --out ${target}` : `run resume ${target}`;
  const commands = [
    ...(isOver
      ? []
      : [[`spotmeter run resume ${target}${higher}`, `${counted(counts.waiting, "row")} to go`]]),
    ...(counts.unknown === 0
      ? []
      : [
          [
            `spotmeter ${again} --retry-unknown`,
            `${counts.unknown} unknown: made again, the vendor may bill both`,
          ],
        ]),
    ...(counts.failed === 0
      ? []
      : [[`spotmeter ${again} --retry-failed`, `${counts.failed} failed: made again`]]),
    ...(isOver
      ? [[`spotmeter run FILE --out ${target}`, "what changed in FILE, and nothing else"]]
      : []),
    ["spotmeter reconcile BILL", "once the vendor has billed it"],
  ];
  return ["", table([{ name: "next" }, { name: "" }], commands)];
}

function world({ emulated }: Run): string {
  return emulated ? "; SANDBOX: no real money" : "; LIVE: real money";
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
