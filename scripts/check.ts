/**
 * `npm run check`: everything that can be judged without running a test, two checks at a time.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** Slowest first, so that the last one to start is short. */
const checks: readonly Check[] = [
  { name: "lint", command: ["eslint", "."] },
  {
    name: "format",
    command: ["prettier", "--check", "--log-level=warn", "--cache", "--cache-location=cache/prettier", "."],
  },
  { name: "types", command: ["tsc"] },
  { name: "import edges", command: ["tsx", "scripts/checks/edges.ts"] },
  { name: "unused code", command: ["knip", "--no-config-hints"] },
  {
    name: "contract lint",
    command: ["solhint", "--noPoster", "--disc", "-w", "0", "contracts/**/*.sol", "test/**/*.sol"],
  },
];

const started = Date.now();
const failed: string[] = [];
const waiting = [...checks];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));

if (failed.length > 0) {
  console.log(`\n${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}.`);
  console.log("`npm run format` corrects formatting and what the linter can correct by itself.");
  process.exitCode = 1;
} else {
  console.log(`\nAll ${checks.length} checks pass (${seconds(started)}).`);
}

async function work(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const checkStarted = Date.now();
    const { ok, output } = await run(check.command);
    console.log(`${ok ? "ok    " : "FAILED"} ${check.name} (${seconds(checkStarted)})`);
    if (ok) continue;
    failed.push(check.name);
    console.log(output.trim().replace(/^/gm, "       "));
  }
}

function run([program, ...args]: Check["command"]): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
