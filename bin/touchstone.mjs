#!/usr/bin/env node
/**
 * The `touchstone` command. Plain JavaScript, because it may be started by the machine's own Node, before anything is
 * installed: it says so then, and otherwise runs the command line under this clone's Node.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node = join(root, "node_modules", "node", "bin", "node");
const tsx = join(root, "node_modules", "tsx", "dist", "esm", "api", "index.mjs");
const main = join(root, "src", "cli", "main.ts");

const isSetUp = [node, tsx, join(root, "typechain-types")].every(existsSync);

if (!isSetUp) {
  process.stderr.write(`touchstone: this clone is not set up. Run \`npm run setup\` in ${root}, then try again.\n`);
  process.exitCode = 1;
} else if (Number(process.versions.node.split(".")[0]) >= 24) {
  const { register } = await import(pathToFileURL(tsx).href);
  register({ tsconfig: join(root, "tsconfig.json") });
  await import(pathToFileURL(main).href);
} else {
  runUnderOwnNode();
}

function runUnderOwnNode() {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes; passing it on would tell the child twice.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`touchstone: ${node} does not start (${error.message}). Run \`npm run setup\`.\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
