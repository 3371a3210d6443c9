import type { Report, Table } from "./section.js";

function cell(value: string | number): string {
  return typeof value === "string" ? value : value.toLocaleString("en");
}

/** A table in columns. */
function renderColumns({ columns, rows }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(cell))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  // The first column names the row, the others hold figures.
  const pad = (text: string, i: number): string => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
  return lines.map((line) => `  ${line.map(pad).join("  ")}`.trimEnd()).join("\n");
}

/** What a person reads in a terminal. */
export function renderText({ tables }: Pick<Report, "tables">): string {
  return tables.map((table) => [`\n${table.title}`, renderColumns(table), table.remark ?? ""].join("\n")).join("\n");
}

function renderTable({ title, remark, columns, rows, picture }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const ruler = columns.map((_, i) => (i === 0 ? "---" : "---:"));
  const body = [line(columns), line(ruler), ...rows.map((row) => line(row.map(cell)))].join("\n");
  const image = picture === undefined ? [] : [`![${title}](${picture.file})`];
  return [`### ${title}`, ...(remark === undefined ? [] : [remark]), body, ...image].join("\n\n");
}

export function renderTables(tables: readonly Table[]): string {
  return tables.map(renderTable).join("\n\n");
}

/** What stands in the document. */
export function renderMarkdown({ command, date, tables }: Report, machine: string): string {
  return [`\`${command}\`, ${date}: ${machine}.`, renderTables(tables)].join("\n\n");
}
