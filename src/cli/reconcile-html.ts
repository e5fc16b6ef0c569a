import { aboutLines, becomes, firstLine, lastLine, stateOf } from "./reconcile-text.ts";
import type { Reconciliation } from "./wire-reconcile.ts";

/** A reconciliation as one page that needs nothing else and prints on A4. Formats strings; adds nothing up. */

const STYLE = `
:root{color-scheme:light}
body{font:14px/1.45 system-ui,sans-serif;color:#111;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #ccc}
th{font-weight:600;border-bottom:2px solid #111}
td.usd,th.usd{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.id{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}
.sum{max-width:34rem}.drift{font-weight:700}.note{color:#444}
@media print{body{margin:0;max-width:none;font-size:11px}tr{break-inside:avoid}h2{break-after:avoid}@page{margin:15mm}}
`;

type Cell = { readonly text: string; readonly kind?: "usd" | "id" };

export function reconciliationHtml(told: Reconciliation): string {
  const title = `Reconciliation of ${told.connection}, ${told.period.from} to ${told.period.to}`;
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    `<p class="${told.drift ? "drift" : "note"}">${escaped(lastLine(told))}</p>`,
    told.emulated ? '<p class="drift">SANDBOX: emulated calls, no real money.</p>' : "",
    `<p>${escaped(firstLine(told))}</p>`,
    sums(told),
    `<ul class="note">${aboutLines(told)
      .map((line) => `<li>${escaped(line)}</li>`)
      .join("")}</ul>`,
    section("Differences", findings(told)),
    section("Outside this gateway", outside(told)),
    section("Ceilings, exposures, overruns", proposals(told)),
    section("Prices that this bill confirms", confirmations(told)),
    section("Bills", bills(told)),
    "</body></html>\n",
  ].join("\n");
}

function sums(told: Reconciliation): string {
  const rows: readonly (readonly [string, string])[] = [
    ["Billed, taxes and credits included", told.billed],
    ["Calls of the journal, at list price", told.matched],
    ["Billed for ceilings and exposures", told.settled],
    ["Discount", told.discount],
    ["Another price or meter", told.price_differs],
    ["On the bill only", told.theirs_only],
    ["Rounding", told.rounding],
    ["Outside this gateway", told.outside],
    ["Tax", told.tax],
    ["Credits", told.credits],
    ["In the journal only (not part of the sum)", told.ours_only],
    ["Explained, percent", told.explained_percent],
  ];
  const cells = rows.map(([name, value]) => [
    { text: name },
    { text: value, kind: "usd" as const },
  ]);
  return tableOf(["", "USD"], cells, "sum");
}

function findings(told: Reconciliation): string {
  return tableOf(
    ["What", "Day", "Model", "Meter", "Bill − journal", "Why", "Lines", "Receipts"],
    told.findings.map((finding) => [
      { text: finding.drift ? finding.kind : `${finding.kind} (explained)` },
      { text: finding.from === finding.to ? finding.from : `${finding.from} to ${finding.to}` },
      { text: finding.model },
      { text: finding.meter ?? "" },
      { text: finding.amount, kind: "usd" },
      { text: finding.text },
      { text: finding.lines.join(", ") },
      { text: finding.receipts.join(" "), kind: "id" },
    ]),
  );
}

function outside(told: Reconciliation): string {
  return tableOf(
    ["What", "Why", "Lines", "USD"],
    told.outside_lines.map((line) => [
      { text: line.label },
      { text: line.why },
      { text: String(line.lines) },
      { text: line.amount, kind: "usd" },
    ]),
  );
}

function proposals(told: Reconciliation): string {
  return tableOf(
    ["Receipt", "Of", "Do", "At most", "Billed", "Becomes", "Why", "Lines"],
    told.proposals.map((proposal) => [
      { text: proposal.receipt_id, kind: "id" },
      { text: proposal.of },
      { text: stateOf(proposal) },
      { text: proposal.at_most, kind: "usd" },
      { text: proposal.billed ?? "not told", kind: "usd" },
      { text: becomes(proposal) },
      { text: proposal.reason },
      { text: proposal.lines.join(", ") },
    ]),
  );
}

function confirmations(told: Reconciliation): string {
  return tableOf(
    ["Price version", "Meter", "USD a unit", "Quantity", "Days"],
    told.confirmations.map((each) => [
      { text: each.price_version, kind: "id" },
      { text: each.meter },
      { text: each.unit_price, kind: "usd" },
      { text: each.quantity, kind: "usd" },
      { text: each.from === each.to ? each.from : `${each.from} to ${each.to}` },
    ]),
  );
}

function bills(told: Reconciliation): string {
  return tableOf(
    ["File", "Format", "Encoding", "Lines", "SHA-256"],
    told.bills.map((bill) => [
      { text: bill.file },
      { text: bill.format },
      { text: bill.encoding },
      { text: String(bill.lines + bill.image_counts) },
      { text: bill.sha256, kind: "id" },
    ]),
  );
}

function section(title: string, table: string): string {
  return `<h2>${escaped(title)}</h2>\n${table}`;
}

function tableOf(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  kind?: string,
): string {
  if (rows.length === 0) return '<p class="note">None.</p>';
  const head = names.map((name) => `<th>${escaped(name)}</th>`).join("");
  const body = rows
    .map(
      (row) =>
        `<tr>${row.map((cell) => `<td${classOf(cell)}>${escaped(cell.text)}</td>`).join("")}</tr>`,
    )
    .join("\n");
  return `<table${kind === undefined ? "" : ` class="${kind}"`}><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function classOf({ kind }: Cell): string {
  return kind === undefined ? "" : ` class="${kind}"`;
}

/** Bills come from outside: nothing in them is markup. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
