import { alignPoints, table } from "./table.ts";
import type { Reconciliation, ToldProposal } from "./wire-reconcile.ts";

/** A reconciliation for people: what it comes to in one line, then what to look at, then what to do. */

/** Rows of a table that a screen still shows; the report has them all. */
const SHOWN_MAX = 30;

export function reconciliationText(told: Reconciliation, bold: (text: string) => string): string {
  return [
    bold(firstLine(told)),
    "",
    ...aboutLines(told),
    ...section("differences", findingsText(told)),
    ...section("outside this gateway", outsideText(told)),
    ...section("ceilings, exposures, overruns", proposalsText(told)),
    ...section("prices that this bill confirms", confirmationsText(told)),
    "",
    lastLine(told),
  ].join("\n");
}

/** The whole of it: everything that was billed, and what became of it. */
export function firstLine(told: Reconciliation): string {
  const discount = told.discount_accepted === null ? "" : ` (${told.discount_accepted} accepted)`;
  return [
    `billed ${told.billed} USD`,
    `explained ${told.explained_percent} %`,
    `ours only ${told.ours_only}`,
    `theirs only ${told.theirs_only}`,
    `other price ${told.price_differs}`,
    `rounding ${told.rounding}`,
    `tax ${told.tax}`,
    `credits ${told.credits}`,
    `discount ${told.discount}${discount}`,
    `outside this gateway ${told.outside}`,
  ].join(", ");
}

export function aboutLines(told: Reconciliation): string[] {
  const { period, time_zone: zone, counts, bills, emulated } = told;
  return [
    `${told.connection}: ${period.from} to ${period.to}, days of ${zone.name} [${zone.mark}]${emulated ? ", SANDBOX: no real money" : ""}`,
    ...bills.map((bill) => {
      const images = bill.image_counts === 0 ? "" : `, ${bill.image_counts} counts of images`;
      return `${bill.file}: ${bill.lines} lines${images}, read as ${bill.format} in ${bill.encoding}`;
    }),
    ...bills.flatMap((bill) => bill.notes.map((note) => `${bill.file}: note: ${note}`)),
    `${counts.calls} calls of the journal: ${told.matched} USD of them on the bill at list price, ${told.settled} billed for what was not known`,
    ...(counts.lines_left_out === 0
      ? []
      : [`${counts.lines_left_out} lines of other days, ${counts.left_out} USD, are left out`]),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines];
}

function findingsText({ findings, findings_left_out: leftOut }: Reconciliation): string[] {
  if (findings.length === 0) return [];
  const shown = findings.slice(0, SHOWN_MAX);
  const amounts = alignPoints(shown.map(({ amount }) => amount));
  const rows = shown.map((finding, index) => [
    finding.drift ? finding.kind : `(${finding.kind})`,
    finding.from === finding.to ? finding.from : `${finding.from} to ${finding.to}`,
    finding.model,
    amounts[index] ?? "",
    finding.text,
  ]);
  const columns = ["what", "day", "model", "bill - journal", "why"].map((name) => ({ name }));
  return [
    table(columns, rows),
    ...shown.flatMap((finding) =>
      finding.drift && finding.lines.length > 0
        ? [`  ${finding.kind} ${finding.from}: ${finding.lines.slice(0, 3).join(", ")}`]
        : [],
    ),
    ...more(findings.length + leftOut),
  ];
}

function outsideText({ outside_lines: lines }: Reconciliation): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, SHOWN_MAX);
  const amounts = alignPoints(shown.map(({ amount }) => amount));
  return [
    table(
      [{ name: "USD" }, { name: "lines", right: true }, { name: "what" }, { name: "why" }],
      shown.map((line, index) => [amounts[index] ?? "", String(line.lines), line.label, line.why]),
    ),
    ...more(lines.length),
  ];
}

function proposalsText(told: Reconciliation): string[] {
  const { proposals, proposals_left_out: leftOut } = told;
  if (proposals.length === 0) return [];
  const shown = proposals.slice(0, SHOWN_MAX);
  const column = (of: (proposal: ToldProposal) => string): string[] => alignPoints(shown.map(of));
  const [most, billed] = [
    column(({ at_most }) => at_most),
    column((proposal) => proposal.billed ?? "?"),
  ];
  return [
    table(
      ["receipt", "of", "do", "at most", "billed", "becomes", "why"].map((name) => ({ name })),
      shown.map((proposal, index) => [
        proposal.receipt_id,
        proposal.of,
        stateOf(proposal),
        most[index] ?? "",
        billed[index] ?? "",
        becomes(proposal),
        proposal.reason,
      ]),
    ),
    ...more(proposals.length + leftOut),
  ];
}

export function stateOf({ action, done, posted, refused }: ToldProposal): string {
  if (refused !== null) return `${action}: refused (${refused})`;
  if (posted) return `${action}: posted`;
  return done && action === "keep" ? "keep: stands so" : action;
}

export function becomes({ postings }: ToldProposal): string {
  if (postings.length === 0) return "-";
  return postings.map(({ of, before, after }) => `${of} ${before} -> ${after}`).join(", ");
}

function confirmationsText({ confirmations }: Reconciliation): string[] {
  return confirmations.map(
    (each) =>
      `${each.price_version} ${each.meter}: ${each.unit_price} USD, ${each.quantity} billed on ${each.from === each.to ? each.from : `${each.from} to ${each.to}`}`,
  );
}

function more(count: number): string[] {
  return count > SHOWN_MAX ? [`and ${count - SHOWN_MAX} more: --report or --json has them`] : [];
}

export function lastLine(told: Reconciliation): string {
  const { applied, proposals, drift } = told;
  const due = proposals.filter(({ postings }) => postings.length > 0).length;
  const drifted = drift ? "DRIFT: the bill and the journal differ" : "no drift";
  if (applied !== null) {
    return `${drifted}; posted ${applied.posted} corrections: ${applied.given_back} USD given back to accounts, the house's cost changed by ${applied.cost_changed} (${told.id})`;
  }
  const doing =
    due === 0
      ? "nothing is to be posted"
      : `nothing was posted: --apply posts ${due} proposals and gives ${told.to_give_back} USD back`;
  return `${drifted}; ${doing} (${told.id})`;
}
