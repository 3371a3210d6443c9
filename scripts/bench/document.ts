import { readFileSync, writeFileSync } from "node:fs";

import { format, resolveConfig } from "prettier";

import { renderMarkdown } from "./render.js";
import type { Report } from "./section.js";

/** Replaces what stands between `<!-- bench NAME -->` and `<!-- end NAME -->`. */
export async function updateDocument(file: string, report: Report, machine: string): Promise<void> {
  const text = readFileSync(file, "utf8");
  const marks = [`<!-- bench ${report.name} -->`, `<!-- end ${report.name} -->`] as const;
  const [from, to] = [text.indexOf(marks[0]), text.indexOf(marks[1])];
  if (from < 0 || to < from)
    throw new Error(`${file} has no part between ${marks[0]} and ${marks[1]}. Add both lines.`);
  const renewed = `${text.slice(0, from + marks[0].length)}\n\n${renderMarkdown(report, machine)}\n\n${text.slice(to)}`;
  writeFileSync(file, await format(renewed, { ...(await resolveConfig(file)), filepath: file }));
}
