import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import ts from "typescript";

/** What decides the bits that the shipped executor gives, exact fallback included. */
const SOURCES = {
  elementary: [
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
  ],
  exact: ["fast/convert-kernels", "fast/float-kernels", "fast/integer-kernels", "fast/map-kernel"],
  pairs: [
    "fast/float-kernels",
    "fast/integer-kernels",
    "fast/map-kernel",
    "fast/pow",
    "fast/rounding",
    "reference/fixed",
    "reference/pow",
    "reference/ziv",
  ],
} as const;

export type Swept = keyof typeof SOURCES;

/** Names swept code: a hash of its JavaScript, so that comments and formatting leave it alone. */
export function fingerprint(swept: Swept): string {
  const hash = createHash("sha256");
  for (const name of SOURCES[swept]) {
    const source = readFileSync(new URL(`../../src/audit/exec/${name}.ts`, import.meta.url), "utf8");
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext, removeComments: true },
    });
    hash.update(`${name}\n${outputText.replaceAll(/\s+/g, " ")}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Of all that is swept. */
export function fingerprints(): Record<Swept, string> {
  return { elementary: fingerprint("elementary"), exact: fingerprint("exact"), pairs: fingerprint("pairs") };
}
