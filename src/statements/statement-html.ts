import { escapeMarkup } from "../markup.ts";
import {
  balanceLines,
  creditedText,
  tagValueText,
  titleOf,
  totalLines,
  warningsOf,
} from "./rows.ts";
import type { Statement } from "./statement-schema.ts";
import { STATEMENT_STYLE } from "./statement-style.ts";

/** Where a statement is proven: what isn't part of its own bytes. Null for a draft. */
export type StatementProof = {
  readonly sha256: string;
  readonly entryId: string;
  readonly sequence: number;
  readonly hash: string;
} | null;

type Column = { readonly name: string; readonly kind?: "usd" | "count" | "id" };

/** Rows of one table: a page for paper has an end, and CSV and JSON hold every row. */
const ROWS_MAX = 500;

/** A statement as one page that needs nothing else: for the screen, light and dark, and for A4. */
export function statementHtml(statement: Statement, proof: StatementProof): string {
  const title = `${titleOf(statement)}, ${statement.account.name}`;
  const warnings = warningsOf(statement)
    .map((text) => `<p class="warning" role="note">${escapeMarkup(text)}</p>`)
    .join("");
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeMarkup(title)}</title><style>${STATEMENT_STYLE}</style></head><body>`,
    `<header>${warnings}<h1>${escapeMarkup(titleOf(statement))}</h1>${factsOf(statement)}</header><main>`,
    sumTable("Total", totalLines(statement)),
    sumTable("Prepaid balance", balanceLines(statement)),
    ...breakdowns(statement),
    ...posted(statement),
    proofOf(statement, proof),
    `</main><footer>${escapeMarkup(`${title}. ${warningsOf(statement).join(" ")}`)}</footer></body></html>\n`,
  ].join("\n");
}

function factsOf(statement: Statement): string {
  const { account, month, period, issued_at, totals } = statement;
  const facts: readonly (readonly [string, string])[] = [
    ["Account", account.path.map(({ name }) => name).join(" / ")],
    ["Account id", account.id],
    ["Month", `${month}: from ${dayText(period.from)} up to ${dayText(period.to)}, 00:00 UTC`],
    ["Issued", issued_at === null ? "not issued" : `${timeText(issued_at)} UTC`],
    ["Calls charged", `${totals.calls}, with ${totals.images} images`],
    ["Calls not charged", `${totals.calls_not_charged}`],
    ["Currency", "US dollars, exact to the last digit"],
  ];
  const rows = facts.map(
    ([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`,
  );
  return `<dl>${rows.join("")}</dl>`;
}

/** Lines that come to the last one. */
function sumTable(caption: string, lines: readonly (readonly [string, string])[]): string {
  if (lines.length === 0) return "";
  const amounts = pointsAligned(lines.map(([, amount]) => amount));
  const rows = lines.map(([name], index) => {
    const last = index === lines.length - 1 ? ' class="last"' : "";
    return `<tr${last}><th scope="row">${escapeMarkup(name)}</th><td class="usd">${escapeMarkup(amounts[index] ?? "")}</td></tr>`;
  });
  return `<table class="sum"><caption>${escapeMarkup(caption)}</caption><thead><tr><td></td><th scope="col" class="usd">USD</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

const FIGURES: readonly Column[] = [
  { name: "Calls", kind: "count" },
  { name: "Images", kind: "count" },
  { name: "USD", kind: "usd" },
];

type Sums = { readonly calls: number; readonly images: number; readonly charge: string };

function figuresOf({ calls, images, charge }: Sums): readonly string[] {
  return [String(calls), String(images), charge];
}

function breakdowns(statement: Statement): readonly string[] {
  const { by_model, by_account, by_tag, by_run, by_hold_month, tags_left_out, month } = statement;
  const isOwnOnly = by_account.every(({ account_id }) => account_id === statement.account.id);
  const isOfMonth = by_hold_month.every((row) => row.month === month);
  return [
    tableOf(
      "By model",
      [{ name: "Model" }, { name: "Quality" }, ...FIGURES],
      by_model.map((row) => [row.model, row.quality ?? "", ...figuresOf(row)]),
    ),
    isOwnOnly
      ? ""
      : tableOf(
          "By account",
          [{ name: "Account" }, { name: "Id", kind: "id" }, ...FIGURES],
          by_account.map((row) => [row.name ?? "", row.account_id, ...figuresOf(row)]),
        ),
    by_tag.length === 0
      ? ""
      : tableOf(
          "By tag: the rows of each tag come to all that was charged",
          [{ name: "Tag" }, { name: "Value" }, ...FIGURES],
          by_tag.map((row) => [row.tag, tagValueText(row), ...figuresOf(row)]),
        ),
    tags_left_out === 0 ? "" : `<p>${tags_left_out} more tags are not told apart here.</p>`,
    by_run.every(({ run }) => run === null)
      ? ""
      : tableOf(
          "By run",
          [{ name: "Run", kind: "id" }, ...FIGURES],
          by_run.map((row) => [row.run ?? "(no run)", ...figuresOf(row)]),
        ),
    isOfMonth
      ? ""
      : tableOf(
          "By the month of the order: in its limits the call counts",
          [{ name: "Ordered in" }, ...FIGURES],
          by_hold_month.map((row) => [row.month, ...figuresOf(row)]),
        ),
  ];
}

const CHANGE: readonly Column[] = [
  { name: "Before", kind: "usd" },
  { name: "After", kind: "usd" },
  { name: "USD", kind: "usd" },
];

function posted(statement: Statement): readonly string[] {
  const { credit_notes, corrections, fundings, fund_corrections } = statement;
  const change = (of: { before: string; after: string; amount: string }) => [
    ...[of.before, of.after, of.amount],
  ];
  return [
    listed(
      "Credit notes: corrections of charges of earlier months",
      [
        ...[{ name: "Number" }, { name: "Corrects statement" }],
        ...([{ name: "Receipt", kind: "id" }, { name: "Posted (UTC)" }] as const),
        ...[{ name: "Reason" }, ...CHANGE],
      ],
      credit_notes.map((each) => [
        ...[each.number, creditedText(each), each.receipt_id, timeText(each.at), each.reason],
        ...change(each),
      ]),
    ),
    listed(
      "Corrected within the month: part of the charges above",
      [
        ...([{ name: "Receipt", kind: "id" }, { name: "Posted (UTC)" }] as const),
        ...[{ name: "Reason" }, ...CHANGE],
      ],
      corrections.map((each) => [
        ...[each.receipt_id, timeText(each.at), each.reason],
        ...change(each),
      ]),
    ),
    listed(
      "Fundings",
      [{ name: "Entry", kind: "id" }, { name: "Posted (UTC)" }, { name: "USD", kind: "usd" }],
      fundings.map((each) => [each.entry_id, timeText(each.at), each.amount]),
    ),
    listed(
      "Fundings corrected",
      [
        ...([{ name: "Funding", kind: "id" }, { name: "Posted (UTC)" }] as const),
        ...[{ name: "Reason" }, ...CHANGE],
      ],
      fund_corrections.map((each) => [
        ...[each.corrects, timeText(each.at), each.reason],
        ...change(each),
      ]),
    ),
  ];
}

function listed(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  return rows.length === 0 ? "" : tableOf(caption, columns, rows);
}

function tableOf(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) {
    return `<section><h2>${escapeMarkup(caption)}</h2><p>None.</p></section>`;
  }
  const head = columns.map(
    (column) => `<th scope="col"${classOf(column)}>${escapeMarkup(column.name)}</th>`,
  );
  const shown = rows.slice(0, ROWS_MAX);
  const byColumn = columns.map(({ kind }, index) => {
    const texts = shown.map((row) => row[index] ?? "");
    return kind === "usd" ? pointsAligned(texts) : texts;
  });
  const body = shown.map((_, at) => {
    const cells = columns.map((column, index) => {
      const [tag, scope] = index === 0 ? ["th", ' scope="row"'] : ["td", ""];
      return `<${tag}${scope}${classOf(column)}>${escapeMarkup(byColumn[index]?.[at] ?? "")}</${tag}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const more = rows.length - body.length;
  const rest = more === 0 ? "" : `<p>${more} more rows stand in the CSV and in the JSON.</p>`;
  return `<table><caption>${escapeMarkup(caption)}</caption><thead><tr>${head.join("")}</tr></thead><tbody>
${body.join("\n")}
</tbody></table>${rest}`;
}

/** As wide as a point and as a digit, in whatever font. */
const [POINT_SPACE, DIGIT_SPACE] = ["\u2008", "\u2007"];

/** Pads amounts of one column so that their points stand under each other. Changes no digit. */
function pointsAligned(amounts: readonly string[]): readonly string[] {
  const decimals = amounts.map((amount) => amount.split(".")[1]?.length ?? 0);
  const most = Math.max(0, ...decimals);
  return amounts.map((amount, index) => {
    const own = decimals[index] ?? 0;
    const point = own === 0 && most > 0 ? POINT_SPACE : "";
    return amount + point + DIGIT_SPACE.repeat(most - own);
  });
}

function classOf({ kind }: Column): string {
  return kind === undefined ? "" : ` class="${kind}"`;
}

/** The day of an instant. */
function dayText(at: string): string {
  return at.slice(0, 10);
}

/** An instant as people read it, to the second. */
function timeText(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}

function proofOf(statement: Statement, proof: StatementProof): string {
  const { opening, closing } = statement.journal;
  const anchors: readonly (readonly [string, string])[] = [
    ["Journal", statement.journal.root],
    ["Last entry before the month", `${opening.sequence} ${opening.hash}`],
    ["Last entry of the month", `${closing.sequence} ${closing.hash}`],
  ];
  const issued: readonly (readonly [string, string])[] =
    proof === null
      ? []
      : [
          ["SHA-256 of the JSON", proof.sha256],
          ["Its entry in the journal", `${proof.sequence} ${proof.hash}`],
          ["Id of the entry", proof.entryId],
        ];
  const rows = [...anchors, ...issued].map(
    ([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd class="id">${escapeMarkup(value)}</dd>`,
  );
  return `<section class="proof"><h2>How to verify this</h2><dl>${rows.join("")}</dl>${howTo(statement, proof)}</section>`;
}

function howTo(statement: Statement, proof: StatementProof): string {
  if (proof === null) return "<p>A draft is not in the journal: there is nothing to verify.</p>";
  const file = `statement-${statement.number}.json`;
  const fetch = `spotmeter statement ${statement.account.id} --month ${statement.month} --format json --out ${file}`;
  return `<p>The JSON is what was issued; this page shows it. Its bytes have the SHA-256 above, which stands in the journal.</p><pre>${escapeMarkup(
    `${fetch}\nsha256sum ${file}\nspotmeter statement verify ${file}\nspotmeter verify`,
  )}</pre><p>The third command compares the file with the ledger, the last one computes every charge and every statement from the journal again.</p>`;
}
