import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { childEnvironment } from "../../src/config/environment.js";
import { ROOT } from "../../src/sim/driver/children.js";

const run = promisify(execFile);
const PAGE = "docs/consumers.md";
/** What the page has its reader install. */
const PACKAGES = ["hardhat", "@nomicfoundation/hardhat-ethers", "ethers", "solc"];

/** The first code block after `before` on the page. */
function block(before: string, language: string): string {
  const page = readFileSync(PAGE, "utf8");
  const from = page.indexOf(before);
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page.slice(Math.max(from, 0)))?.[1];
  if (from < 0 || code === undefined) throw new Error(`${PAGE} has no ${language} after "${before}"`);
  return code;
}

export interface AuthorProject {
  /** `npx hardhat ...` in the project. */
  hardhat(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string>;
}

/** A contract author's own project, as docs/consumers.md says: its files, and this repository as a package. */
export function writeAuthorProject(folder: string): AuthorProject {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const link = (name: string, target: string): void => {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(target, join(folder, "node_modules", name));
  };
  write("package.json", JSON.stringify({ name: "nine", private: true, type: "module" }));
  write("hardhat.config.ts", block("`hardhat.config.ts`:", "ts"));
  write("scripts/ask.ts", block("`scripts/ask.ts`:", "ts"));
  const source = block("## Act on an answer", "solidity")
    .replaceAll('"../interfaces/', '"touchstone/contracts/interfaces/')
    .replaceAll('"./', '"touchstone/contracts/examples/');
  write("contracts/NinePot.sol", source);
  for (const name of PACKAGES) link(name, join(ROOT, "node_modules", name));
  link("touchstone", ROOT);
  return {
    hardhat: async (settings, ...args) => {
      const cli = join(folder, "node_modules/hardhat/dist/src/cli.js");
      // Tests run inside Hardhat, whose variables name this repository's configuration.
      const env = Object.fromEntries(
        Object.entries(childEnvironment(settings)).filter(([name]) => !/^(HARDHAT|HH)_/.test(name)),
      );
      return (await run(process.execPath, [cli, ...args], { cwd: folder, env })).stdout;
    },
  };
}
