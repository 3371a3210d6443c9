import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

/** Makes this Node say that it is an old one, so that the command has to start the clone's own. */
const OLD_NODE =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.0.0'}})";

/** Stands for the command line: tells what it got, and ends as told. */
const MAIN = `
enum Ending { Code = "code", Signal = "signal" }
const [ending, ...rest]: string[] = process.argv.slice(2);
if (ending === Ending.Code) { console.log(JSON.stringify(rest)); process.exit(7); }
process.on("SIGTERM", () => { console.log("told to stop"); process.exit(3); });
setTimeout(() => process.exit(9), 20_000);
console.log("ready");
`;

describe("bin/touchstone.mjs", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "touchstone-bin-"));
    mkdirSync(join(root, "bin"));
    copyFileSync("bin/touchstone.mjs", join(root, "bin/touchstone.mjs"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function setUp(): void {
    symlinkSync(join(process.cwd(), "node_modules"), join(root, "node_modules"));
    mkdirSync(join(root, "typechain-types"));
    mkdirSync(join(root, "src/cli"), { recursive: true });
    copyFileSync("package.json", join(root, "package.json"));
    copyFileSync("tsconfig.json", join(root, "tsconfig.json"));
    writeFileSync(join(root, "src/cli/main.ts"), MAIN);
  }

  interface Run {
    readonly args: readonly string[];
    readonly oldNode: boolean;
    /** Sent when the command says that it is ready. */
    readonly signal?: NodeJS.Signals;
  }

  function run({ args, oldNode, signal }: Run): Promise<{ code: number | null; output: string }> {
    return new Promise((resolve) => {
      const node = oldNode ? ["--import", OLD_NODE] : [];
      const child = spawn(process.execPath, [...node, join(root, "bin/touchstone.mjs"), ...args], { cwd: tmpdir() });
      let output = "";
      const collect = (text: Buffer): void => {
        output += text.toString();
        if (signal !== undefined && text.toString().includes("ready")) child.kill(signal);
      };
      child.stdout.on("data", collect);
      child.stderr.on("data", collect);
      child.on("close", (code) => resolve({ code, output }));
    });
  }

  it("names the set-up command in a fresh clone", async () => {
    const { code, output } = await run({ args: ["--help"], oldNode: true });
    expect(code).to.equal(1);
    expect(output).to.include("npm run setup");
  });

  for (const oldNode of [false, true]) {
    describe(oldNode ? "under an older Node" : "under this clone's Node", () => {
      it("passes arguments and the exit code through", async () => {
        setUp();
        const result = await run({ args: ["code", "a b", "--json", ""], oldNode });
        expect(result).to.deep.equal({ code: 7, output: '["a b","--json",""]\n' });
      });

      it("passes a signal on", async () => {
        setUp();
        const result = await run({ args: ["signal"], oldNode, signal: "SIGTERM" });
        expect(result).to.deep.equal({ code: 3, output: "ready\ntold to stop\n" });
      });
    });
  }
});
