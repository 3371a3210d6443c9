import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { TouchstoneError } from "../../src/errors.js";
import type { Verdict } from "./records.js";

const HARDHAT = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
const CONFIG = "scripts/mutate/hardhat.config.ts";

/** Ends a run whose parent was killed: two at work in one copy would judge each other's faults. */
const WATCHDOG =
  "const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(1), 500).unref();";

/** @throws TouchstoneError `IN_USE` while a run that a killed parent left behind still compiles. */
export function requireNoRun(tree: string): void {
  const file = pidFile(tree);
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (pid === 0 || !isAlive(pid)) return;
  throw new TouchstoneError("IN_USE", `process ${pid} still runs tests in ${tree}`, {
    next: "It ends by itself within a minute or two; then start again.",
    retryable: true,
  });
}

/** Compiles the copy and runs tests until the first that fails. */
export function runTests(
  tree: string,
  tests: readonly string[],
  limitSeconds: number,
): Promise<{ verdict: Verdict; output: string }> {
  return new Promise((resolve, reject) => {
    const node = ["--import", `data:text/javascript,${encodeURIComponent(WATCHDOG)}`, HARDHAT];
    const child = spawn(process.execPath, [...node, "--config", CONFIG, "test", ...tests], {
      cwd: tree,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid !== undefined) writeFileSync(pidFile(tree), String(child.pid));
    let output = "";
    let late = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limitSeconds * 1000);
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      rmSync(pidFile(tree), { force: true });
      resolve({ verdict: late ? "undecided" : judge(output, exitCode), output });
    });
  });
}

/** Only a test that failed kills: a run that ends without having run one says nothing about the tests. */
export function judge(output: string, exitCode: number | null): Verdict {
  const text = stripVTControlCharacters(output);
  if (/HHE\d+: Compilation failed/.test(text)) return "uncompiled";
  // A busy machine is slow with and without a fault.
  if (/Timeout of \d+ms exceeded/.test(text)) return "undecided";
  if (/^ *[1-9]\d* failing\b/m.test(text)) return "killed";
  return exitCode === 0 && /^ *[1-9]\d* passing\b/m.test(text) ? "survived" : "undecided";
}

const pidFile = (tree: string): string => join(dirname(tree), "running");

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
