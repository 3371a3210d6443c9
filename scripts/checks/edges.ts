/**
 * `tsx scripts/checks/edges.ts`: holds the import edges and proves that it looked at every file.
 */
import { checkSolidityEdges } from "./solidityEdges.js";
import { checkTypeScriptEdges } from "./typescriptEdges.js";

const root = process.cwd();
const typescript = await checkTypeScriptEdges(root);
const solidity = checkSolidityEdges(root);

for (const { rule, from, to } of [...typescript.violations, ...solidity.violations]) {
  console.error(`${from}: must not import ${to} (${rule})`);
  process.exitCode = 1;
}
if (typescript.modules === 0 || solidity.modules === 0) {
  console.error("The edge check saw no modules: its tools no longer read this repository.");
  process.exitCode = 1;
}
console.log(`${typescript.modules} TypeScript and ${solidity.modules} Solidity files seen`);
