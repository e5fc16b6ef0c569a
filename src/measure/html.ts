import { escapeMarkup } from "../markup.ts";
import type { Block, ProofBlock, Report, Section, TableBlock } from "./report-form.ts";

/** Pictures of the proof sheet, small enough to stand in the page: file -> data URL. */
export type Embedded = ReadonlyMap<string, string>;

/**
 * The report as one page without scripts: it needs no other file, is readable in light and dark, and prints its
 * banner on every sheet of paper.
 */
export function htmlOf(report: Report, embedded: Embedded): string {
  const banner = report.banner === null ? "" : `<p class="banner">${inline(report.banner)}</p>`;
  const contents = report.sections
    .map(({ id, title }) => `<li><a href="#${id}">${inline(title)}</a></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inline(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>${banner}</header>
<main>
<h1>${inline(report.title)}</h1>
<dl>${report.facts.map(([name, value]) => `<dt>${inline(name)}</dt><dd>${inline(value)}</dd>`).join("")}</dl>
<nav><ol>${contents}</ol></nav>
${report.sections.map((section) => sectionHtml(section, report.banner, embedded)).join("\n")}
</main>
</body>
</html>
`;
}

function sectionHtml(section: Section, banner: string | null, embedded: Embedded): string {
  // Printed, each section begins a page of its own; there the banner stands again.
  const again = banner === null ? "" : `<p class="banner print">${inline(banner)}</p>`;
  const blocks = section.blocks.map((block) => blockHtml(block, embedded)).join("\n");
  return `<section id="${section.id}">${again}<h2>${inline(section.title)}</h2>\n${blocks}</section>`;
}

function blockHtml(block: Block, embedded: Embedded): string {
  if (block.kind === "text") return `<p>${inline(block.text)}</p>`;
  if (block.kind === "table") return tableHtml(block);
  if (block.kind === "proof") return proofHtml(block, embedded);
  return `<figure>${scoped(block.svg, block.id)}</figure>`;
}

/** The plots' own style rules would leak into the page: each is held to its own figure. */
function scoped(svg: string, id: string): string {
  return svg.replace(/<style>[\s\S]*?<\/style>/, "").replace("<svg ", `<svg id="plot-${id}" `);
}

function tableHtml({ caption, columns, rows }: TableBlock): string {
  const cells = (row: readonly string[], tag: "td" | "th"): string =>
    row
      .map((cell, index) => {
        const right = columns[index]?.right === true ? ' class="right"' : "";
        return `<${tag}${right}>${inline(cell)}</${tag}>`;
      })
      .join("");
  const head = `<tr>${cells(
    columns.map(({ name }) => name),
    "th",
  )}</tr>`;
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
  return `<div class="table"><table><caption>${inline(caption)}</caption><thead>${head}</thead><tbody>
${body}
</tbody></table></div>`;
}

function proofHtml({ caption, pictures }: ProofBlock, embedded: Embedded): string {
  const frames = pictures.map(({ title, file, facts }) => {
    const source = file === null ? undefined : (embedded.get(file) ?? file);
    const picture =
      source === undefined
        ? '<div class="nothing">not kept</div>'
        : `<img src="${escapeMarkup(source)}" alt="${inline(`${caption}, ${title}`)}">`;
    const linked = file === null ? picture : `<a href="${escapeMarkup(file)}">${picture}</a>`;
    const lines = facts.map((fact) => `<li>${inline(fact)}</li>`).join("");
    return `<li>${linked}<strong>${inline(title)}</strong><ul>${lines}</ul></li>`;
  });
  return `<figure><figcaption>${inline(caption)}</figcaption><ul class="proof">${frames.join("")}</ul></figure>`;
}

/** Text in a page; what stands between backticks is code. */
function inline(text: string): string {
  return escapeMarkup(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1d1d1f;--soft:#5b5b62;--line:#d9d7d2;--paper:#fdfcfa;--warn:#8a2b0a;--warn-paper:#fdeee6;--bar:#2563a8}
@media (prefers-color-scheme:dark){:root{--ink:#e8e6e3;--soft:#a9a7a2;--line:#3c3b39;--paper:#191817;--warn:#ffb08a;--warn-paper:#3a2015;--bar:#6ea8e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:72rem;margin:0 auto;padding:1rem 1.5rem 4rem}
header{position:sticky;top:0;z-index:1}
.banner{margin:0;padding:.5rem 1.5rem;background:var(--warn-paper);color:var(--warn);font-weight:600;font-size:.85rem}
.banner.print{display:none}
h1{font-size:1.7rem;margin:1rem 0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;scroll-margin-top:5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.9rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
nav ol{columns:2;padding-left:1.2rem;font-size:.9rem}a{color:inherit}
.table{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.right,td:first-child{white-space:nowrap}.right{text-align:right}
figure{margin:1.2rem 0}figcaption{color:var(--soft);font-size:.85rem}
figure svg{width:100%;max-width:760px;height:auto}
figure svg text{font-size:12px;fill:var(--ink)}figure svg .title{font-size:14px;font-weight:600}
figure svg .label{fill:var(--soft)}figure svg .note{font-size:11px;fill:var(--warn)}
figure svg .bar{fill:var(--bar)}figure svg .axis{stroke:var(--soft)}
${["#2563a8", "#b4531f", "#3b7d4f", "#8a4a93", "#8a6d1d", "#4b5b6b"]
  .map(
    (colour, index) =>
      `figure svg .line${index}{fill:${colour}}figure svg .stroke${index}{stroke:${colour}}`,
  )
  .join("")}
.proof{display:flex;flex-wrap:wrap;gap:1rem;list-style:none;padding:0;margin:0}
.proof>li{width:13rem}.proof img,.nothing{width:100%;aspect-ratio:1;object-fit:contain;background:#fff;border:1px solid var(--line);display:grid;place-items:center;color:#777}
.proof ul{list-style:none;padding:0;margin:0;font-size:.85rem;color:var(--soft)}
code{font-family:ui-monospace,monospace;font-size:.9em}
@media print{
:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--warn:#8a2b0a;--warn-paper:#fff}
body{font-size:10pt}main{padding:0;max-width:none}header{position:static}nav{display:none}
section{break-before:page}tr,figure{break-inside:avoid}thead{display:table-header-group}
.banner{padding:0 0 .4rem}.banner.print{display:block}.table{overflow:visible}table{font-size:8pt}
header .banner{position:fixed;bottom:0;left:0;right:0;font-size:6.5pt;padding:0}
@page{margin:1.6cm 1.3cm 1.9cm}
}
`;
