import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { format, resolveConfig } from "prettier";

import { renderMarkdown, renderTables } from "./render.js";
import type { Report, Table } from "./section.js";

/** Where what stands between `<!-- bench NAME -->` and `<!-- end NAME -->` begins and ends. */
function partOf(text: string, file: string, name: string): [number, number] {
  const marks = [`<!-- bench ${name} -->`, `<!-- end ${name} -->`] as const;
  const [from, to] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
  if (from < 0 || to < from)
    throw new Error(`${file} has no part between ${marks[0]} and ${marks[1]}. Add both lines.`);
  return [from + marks[0].length, to];
}

const pretty = async (text: string, file: string): Promise<string> =>
  format(text, { ...(await resolveConfig(file)), filepath: file });

/** Writes a page that `npm run check` takes as it stands. */
export async function writeDocument(file: string, text: string): Promise<void> {
  writeFileSync(file, await pretty(text, file));
}

/** Replaces the part of a document that a report is about. */
export async function updateDocument(file: string, report: Report, machine: string): Promise<void> {
  const text = readFileSync(file, "utf8");
  const [from, to] = partOf(text, file, report.name);
  const renewed = `${text.slice(0, from)}\n\n${renderMarkdown(report, machine)}\n\n${text.slice(to)}`;
  await writeDocument(file, renewed);
  for (const { picture } of report.tables) {
    if (picture !== undefined) writeFileSync(join(dirname(file), picture.file), picture.svg);
  }
}

/** The tables in a part of a document as they stand there, and as they have to; the line above them says when and where they were made. */
export async function compareDocument(
  file: string,
  name: string,
  tables: readonly Table[],
): Promise<{ stands: string; expected: string }> {
  const text = readFileSync(file, "utf8");
  const part = text.slice(...partOf(text, file, name));
  return {
    stands: part.slice(part.indexOf("###")).trim(),
    expected: (await pretty(renderTables(tables), file)).trim(),
  };
}
