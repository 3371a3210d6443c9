import { globSync } from "node:fs";
import { join } from "node:path";

import { cruise, type ICruiseResult, type IForbiddenRuleType, type IReporterOutput } from "dependency-cruiser";

import type { Violation } from "./violation.js";

/** AssemblyScript: the kernel compiler resolves its imports. */
const NOT_TYPESCRIPT = "src/audit/kernels/assembly/";

const FOLDERS = ["src", "scripts", "deploy", "test"];

/** npm packages by name, resolved or not. */
const npm = (...names: string[]): string => `(^|node_modules/)(${names.join("|")})(/|$)`;

const CORE = "onnx|audit|runtime|chain|store|config";
const ROLES = "worker|watchtower|auditor|client";
/** Files directly in `src/`, such as `errors.ts`, belong to everybody. */
const outside = (...folders: string[]): string => `^src/(?!(${folders.join("|")})/)[^/]+/`;

/** Each rule says in its comment what a reader would otherwise have to guess. */
const rules: readonly IForbiddenRuleType[] = [
  {
    name: "onnx-alone",
    comment: "The file format knows nothing of what is done with it.",
    from: { path: "^src/onnx/" },
    to: { path: [outside("onnx"), "^typechain-types/"] },
  },
  {
    name: "audit-imports-onnx-only",
    comment: "What an answer exactly is depends on the model alone.",
    from: { path: "^src/audit/" },
    to: { path: [outside("audit", "onnx"), "^typechain-types/"] },
  },
  {
    name: "audit-and-onnx-are-pure",
    comment: "No file system, network, clock or environment: the same code must run anywhere.",
    from: { path: "^src/(audit|onnx)/" },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "no-chain-library-below-chain",
    from: { path: "^src/(onnx|audit|runtime|store|config)/" },
    to: { path: [npm("ethers"), "^typechain-types/"] },
  },
  {
    name: "inspect-imports-audit-only",
    comment: "What a compiled graph looks like depends on it alone, and is drawn by any program that has one.",
    from: { path: "^src/inspect/" },
    to: { path: [outside("inspect", "audit", "onnx"), "^typechain-types/"] },
  },
  {
    name: "onnxruntime-in-runtime-only",
    from: { path: "^src/(?!runtime/)" },
    to: { path: npm("onnxruntime-node", "onnxruntime-web", "onnxruntime-common") },
  },
  {
    name: "runtime-chain-store-apart",
    comment: "The roles join them.",
    from: { path: "^src/(runtime|chain|store|config)/" },
    to: { path: "^src/(runtime|chain|store)/", pathNot: "^src/$1/" },
  },
  {
    name: "settings-are-arguments",
    comment: "Entry points read the settings once; below them their types are enough.",
    from: { path: `^src/(${CORE}|${ROLES})/`, pathNot: "^src/config/" },
    to: { path: "^src/config/", dependencyTypesNot: ["type-only"] },
  },
  {
    name: "core-below-roles",
    from: { path: `^src/(${CORE})/` },
    to: { path: `^src/(${ROLES}|sim|cli)/` },
  },
  {
    name: "roles-apart",
    comment: "Worker, watchtower, auditor and client meet on the chain only.",
    from: { path: `^src/(${ROLES})/` },
    to: { path: `^src/(${ROLES}|sim)/`, pathNot: "^src/$1/" },
  },
  {
    name: "fleet-has-no-key",
    comment: "An inference host answers without a key, a chain or a state; only the command line joins it to a worker.",
    from: { path: "^src/fleet/" },
    to: { path: ["^src/(chain|store|dispute|operator|deploy|config|sim)/", npm("ethers"), "^typechain-types/"] },
  },
  {
    name: "nobody-below-the-fleet",
    comment: "The embedded default works without a queue.",
    from: { path: "^src/(?!fleet/|cli/)" },
    to: { path: "^src/fleet/" },
  },
  {
    name: "exchange-below-disputes-and-roles",
    comment: "What parties sign and send each other, and how, is the same for all of them.",
    from: { path: "^src/(http|receipts)/" },
    to: { path: outside("http", "receipts", "chain", "audit", "onnx") },
  },
  {
    name: "deploy-above-chain",
    comment: "Deploying needs a node and a key, and no role.",
    from: { path: "^src/deploy/" },
    to: { path: outside("deploy", "chain") },
  },
  {
    name: "nobody-imports-cli",
    from: { path: "^(src|scripts|deploy)/", pathNot: "^src/cli/" },
    to: { path: "^src/cli/" },
  },
  {
    name: "nobody-imports-scripts",
    from: { path: "^(src|deploy)/" },
    to: { path: "^scripts/" },
  },
  {
    name: "nothing-imports-tests",
    comment: "Generators of test vectors share the vectors' format with the tests.",
    from: { path: "^(src|scripts|deploy)/", pathNot: "^scripts/generate/" },
    to: { path: "^test/" },
  },
  {
    name: "no-development-packages-in-src",
    comment: "Conformance runs judge on Hardhat's chain: they are of use to those who develop from a clone only.",
    from: { path: "^src/", pathNot: "^src/conformance/chain\\.ts$" },
    to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
  },
  {
    name: "no-cycles",
    from: { path: "^(src|scripts|deploy)/" },
    to: { circular: true },
  },
  {
    name: "imports-resolve",
    from: {},
    to: { couldNotResolve: true },
  },
];

/**
 * Judges all imports between TypeScript files.
 * @param root repository root, or a planted copy of one
 * @returns violations; a file that the cruise did not see is one, because an unseen import is an unchecked one
 */
export async function checkTypeScriptEdges(root: string): Promise<{ violations: Violation[]; modules: number }> {
  const files = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.{ts,mts}`, { cwd: root }))
    .filter((file) => !file.startsWith(NOT_TYPESCRIPT))
    .sort();
  const folders = FOLDERS.filter((folder) => files.some((file) => file.startsWith(`${folder}/`)));
  const report = await cruise(
    folders,
    {
      baseDir: root,
      exclude: { path: `^${NOT_TYPESCRIPT}` },
      validate: true,
      ruleSet: { forbidden: rules.map((rule) => ({ severity: "error" as const, ...rule })) },
      tsPreCompilationDeps: true,
      doNotFollow: { path: ["node_modules", "^typechain-types/"] },
      tsConfig: { fileName: join(root, "tsconfig.json") },
    },
    { conditionNames: ["import", "types", "node", "default"], exportsFields: ["exports"] },
  );
  const { modules, summary } = resultOf(report);
  const seen = new Set(modules.map((module) => module.source));
  const unseen = files.filter((file) => !seen.has(file));
  return {
    modules: modules.filter((module) => files.includes(module.source)).length,
    violations: [
      ...unseen.map((file) => ({ rule: "every-file-is-seen", from: file, to: "(the cruise did not read it)" })),
      ...summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    ],
  };
}

function resultOf({ output }: IReporterOutput): ICruiseResult {
  if (typeof output === "string") throw new Error("dependency-cruiser returned text instead of a result");
  return output;
}
