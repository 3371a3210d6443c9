import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";

/** Names the contents of files: sixteen hex digits. */
export function fingerprintOf(...patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of globSync(patterns).sort()) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}
