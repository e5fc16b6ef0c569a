import type { Block, Report, TableBlock } from "./report-form.ts";

/** The report as Markdown. The banner stands under every heading: a part that is quoted alone keeps it. */
export function markdownOf(report: Report): string {
  const banner = report.banner === null ? [] : [`> **${report.banner}**`];
  const facts = report.facts.map(([name, value]) => `- ${name}: ${escaped(value)}`).join("\n");
  const sections = report.sections.flatMap((section) => [
    `## ${section.title}`,
    ...banner,
    ...section.blocks.map(blockText),
  ]);
  return `${[`# ${report.title}`, ...banner, facts, ...sections].join("\n\n")}\n`;
}

function blockText(block: Block): string {
  if (block.kind === "text") return escaped(block.text);
  if (block.kind === "table") return tableText(block);
  if (block.kind === "plot") return `![${block.caption}](${block.id}.svg)`;
  const pictures = block.pictures.map(({ title, file, facts }) => {
    const picture = file === null ? "not kept" : `![${block.caption}, ${title}](${file})`;
    return [title, picture, ...facts];
  });
  const columns = ["tier", "picture", "pixels", "bytes", "output", "USD"].map((name) => ({ name }));
  return tableText({ kind: "table", id: "", caption: block.caption, columns, rows: pictures });
}

function tableText({ caption, columns, rows }: TableBlock): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(cellText).join(" | ")} |`;
  const rule = columns.map(({ right }) => (right === true ? "---:" : "---"));
  return [
    `**${caption}**`,
    "",
    row(columns.map(({ name }) => name)),
    `| ${rule.join(" | ")} |`,
    ...rows.map(row),
  ].join("\n");
}

/** A cell in one line; what would end it is spelled out. */
function cellText(cell: string): string {
  return cell.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ");
}

/** Words of a vendor or a caller must not become markup. */
function escaped(text: string): string {
  return text.replace(/[<>]/g, (sign) => (sign === "<" ? "&lt;" : "&gt;"));
}
