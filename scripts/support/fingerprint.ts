import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Names the contents of files: sixteen hex digits. */
export function fingerprintOf(...patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of globSync(patterns).sort()) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/** Where a TypeScript file of this repository names another one. */
const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*"(\.{1,2}\/[^"]+)"/g;

/** Made from the contracts. */
const GENERATED = "typechain-types/";

/** Source files and all that they import of this repository, directly or not. Types of contracts are left out: they follow from these. */
export function withImports(files: readonly string[]): string[] {
  const found = new Set<string>();
  const follow = (file: string): void => {
    if (found.has(file) || file.startsWith(GENERATED) || !existsSync(file)) return;
    found.add(file);
    for (const [, named] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      follow(join(dirname(file), named!.replace(/\.js$/, ".ts")));
    }
  };
  for (const file of files) follow(file);
  return [...found];
}
