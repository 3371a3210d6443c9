import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import ts from "typescript";

/** What decides the bits of the elementary functions in the shipped executor, exact fallback included. */
const SOURCES = [
  "fast/constants",
  "fast/elementary",
  "fast/rounding",
  "reference/binary32",
  "reference/elementary",
  "reference/exponential",
  "reference/fixed",
  "reference/integers",
  "reference/logarithmic",
  "reference/rule",
  "reference/trigonometric",
  "reference/ziv",
] as const;

/** Names the swept code: a hash of its JavaScript, so that comments and formatting leave it alone. */
export function fingerprint(): string {
  const hash = createHash("sha256");
  for (const name of SOURCES) {
    const source = readFileSync(new URL(`../../src/audit/exec/${name}.ts`, import.meta.url), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext, removeComments: true },
    });
    hash.update(`${name}\n${outputText.replaceAll(/\s+/g, " ")}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
