import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { TouchstoneError } from "../../src/errors.js";
import type { TestHits } from "../probes/recorder.js";
import type { Verdict } from "./records.js";

const HARDHAT = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
const CONFIG = "scripts/mutate/hardhat.config.ts";

/** Ends a run whose parent was killed: two at work in one copy would judge each other's faults. */
const WATCHDOG =
  "const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(1), 500).unref();";

/** @throws TouchstoneError `IN_USE` while a run that a killed parent left behind is still at work. */
export function requireNoRun(tree: string): void {
  const file = pidFile(tree);
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (pid === 0 || !isAlive(pid)) return;
  throw new TouchstoneError("IN_USE", `process ${pid} still runs tests in ${tree}`, {
    next: "It ends by itself within a minute or two; then start again.",
    retryable: true,
  });
}

/** Compiles the copy, without its Solidity tests. */
export async function compile(tree: string): Promise<void> {
  const { output, exitCode } = await hardhat(tree, ["--build-profile", "default", "build"], Infinity);
  if (exitCode === 0) return;
  throw new TouchstoneError("SOURCE_BROKEN", `the contracts do not compile without the IR:\n${output}`, {
    next: "Correct them; `hardhat --config scripts/mutate/hardhat.config.ts build` compiles them as mutants are.",
  });
}

/** Runs tests in the copy, compiled before, until the first that fails. */
export async function runTests(tree: string, tests: readonly TestHits[], limitSeconds: number): Promise<Verdict> {
  const { output, exitCode, late } = await hardhat(tree, argumentsFor(tests), limitSeconds);
  return late ? "undecided" : judge(output, exitCode);
}

function hardhat(
  tree: string,
  args: readonly string[],
  limitSeconds: number,
): Promise<{ output: string; exitCode: number | null; late: boolean }> {
  return new Promise((resolve, reject) => {
    const node = ["--import", `data:text/javascript,${encodeURIComponent(WATCHDOG)}`, HARDHAT];
    const child = spawn(process.execPath, [...node, "--config", CONFIG, ...args], {
      cwd: tree,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid !== undefined) writeFileSync(pidFile(tree), String(child.pid));
    let output = "";
    let late = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const end = () => {
      late = true;
      child.kill("SIGKILL");
    };
    const timer = limitSeconds === Infinity ? undefined : setTimeout(end, limitSeconds * 1000);
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      rmSync(pidFile(tree), { force: true });
      resolve({ output, exitCode, late });
    });
  });
}

/** Runs the named tests and no others; files in the order of the tests. */
export function argumentsFor(tests: readonly Pick<TestHits, "file" | "title">[]): string[] {
  const titles = tests.map(({ title }) => title.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const files = new Set(tests.map(({ file }) => file));
  return ["test", "mocha", "--no-compile", "--grep", `^(?:${titles.join("|")})$`, ...files];
}

/** Only a test that failed kills: a run that ends without having run one says nothing about the tests. */
export function judge(output: string, exitCode: number | null): Verdict {
  const text = stripVTControlCharacters(output);
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
