import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** What tests need of a clone. Compiled contracts are the copy's own; packages are shared. */
const COPIED = [
  "contracts/**/*",
  "src/**/*",
  "test/**/*",
  "deploy/**/*",
  "scripts/**/*",
  "assets/**/*",
  "snapshots/**/*",
  // Some are compared with what the contracts do.
  "docs/*.md",
  "hardhat.config.ts",
  "package.json",
  "tsconfig.json",
];

/**
 * Makes a copy of the clone, or renews one, so that nothing is changed that anybody edits. Files that are the same keep their compiled
 * contracts.
 */
export function syncTree(tree: string): void {
  const wanted = new Set(filesIn("."));
  for (const file of existsSync(tree) ? filesIn(tree) : []) if (!wanted.has(file)) rmSync(join(tree, file));
  for (const file of wanted) {
    const copy = join(tree, file);
    if (existsSync(copy) && readFileSync(copy).equals(readFileSync(file))) continue;
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
  const packages = join(tree, "node_modules");
  if (!existsSync(packages)) symlinkSync(resolve("node_modules"), packages, "dir");
}

function filesIn(folder: string): string[] {
  const entries = globSync(COPIED, { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile());
  // Solidity tests would be compiled for nothing.
  return entries
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !/^test\b.*\.sol$/.test(file));
}
