import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

import type { Violation } from "./violation.js";

const OPENZEPPELIN = "@openzeppelin/contracts/";

/**
 * What a folder of `contracts/` may import: folders of `contracts/` (its own is implied), and OpenZeppelin's folders by prefix.
 * A folder that is not listed holds core contracts.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  types: [],
  interfaces: ["types", `${OPENZEPPELIN}interfaces/`, `${OPENZEPPELIN}token/ERC20/IERC20.sol`],
  libraries: ["types", `${OPENZEPPELIN}utils/`],
  audit: ["types", "interfaces", "libraries", `${OPENZEPPELIN}utils/`],
  mocks: ["*"],
};
/** Core contracts know one another only through interfaces; that leaves out audit, lens, mocks and every peer. */
const CORE = ["types", "interfaces", "libraries", OPENZEPPELIN];

/** Import paths of a Solidity source, in order. Comments and strings elsewhere can't be mistaken for imports. */
export function importsOf(source: string): string[] {
  const code = source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g,
    (_, text?: string) => text ?? " ",
  );
  return [...code.matchAll(/(?:^|[;}])\s*import\s+(?:[^"';]*?from\s+)?["']([^"']+)["']/g)].map((match) => match[1]!);
}

/**
 * Judges all imports between contracts.
 * @param root repository root, or a planted copy of one
 */
export function checkSolidityEdges(root: string): { violations: Violation[]; modules: number } {
  const files = globSync("contracts/**/*.sol", { cwd: root }).sort();
  const violations = files.flatMap((from) =>
    importsOf(readFileSync(join(root, from), "utf8"))
      .map((path) => (path.startsWith(".") ? posix.join(posix.dirname(from), path) : path))
      .filter((to) => !isAllowed(from, to))
      .map((to) => ({ rule: "solidity-folders", from, to })),
  );
  return { violations, modules: files.length };
}

function isAllowed(from: string, to: string): boolean {
  const own = folderOf(from);
  const target = folderOf(to);
  if (target === own) return true;
  return (ALLOWED[own] ?? CORE).some(
    (entry) => entry === "*" || entry === target || (entry.startsWith(OPENZEPPELIN) && to.startsWith(entry)),
  );
}

/** `contracts/jobs/a/B.sol` is in `jobs`; a file outside `contracts/` is in no folder. */
function folderOf(path: string): string {
  const [top, folder] = path.split("/");
  return top === "contracts" && folder !== undefined ? folder : `outside: ${path}`;
}
