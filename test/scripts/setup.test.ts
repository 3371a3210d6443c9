import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { expect } from "chai";

/** Stands for npm: "installs" a Node and a Hardhat, and logs that it was asked to. The set-up under test is the real one. */
const NPX = `#!/bin/sh
echo "npx $*" >> log
sleep 0.5
if [ -e offline ]; then echo "npm error network"; exit 1; fi
mkdir -p node_modules/node/bin node_modules/hardhat/dist/src
ln -sf "${process.execPath}" node_modules/node/bin/node
echo 'const fs = require("fs"); fs.appendFileSync("log", "hardhat " + process.argv.slice(2).join(" ") + "\\\\n");
if (fs.existsSync("broken")) process.exit(1);
fs.mkdirSync("artifacts", { recursive: true }); fs.mkdirSync("typechain-types", { recursive: true });' > node_modules/hardhat/dist/src/cli.js
`;

describe("scripts/setup.mjs", () => {
  let root: string;

  function write(file: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text, { mode });
  }

  function run(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const env = { ...process.env, PATH: [join(root, "tools"), process.env["PATH"]].join(delimiter) };
      const child = spawn(process.execPath, [join(root, "scripts/setup.mjs")], { cwd: tmpdir(), env });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
      child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
  }

  /** First words of what was run since the last call. */
  function ran(): string[] {
    const log = join(root, "log");
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    rmSync(log, { force: true });
    return lines.map((line) => line.split(" ")[0]!);
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "touchstone-setup-"));
    mkdirSync(join(root, "scripts"));
    copyFileSync("scripts/setup.mjs", join(root, "scripts/setup.mjs"));
    write("package.json", '{ "dependencies": { "node": "24.1.2" } }');
    write("package-lock.json", "{}");
    write("contracts/A.sol", "contract A {}");
    write("tools/npx", NPX, 0o755);
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it("installs under the pinned Node and compiles, then does neither again", async () => {
    expect((await run()).code).to.equal(0);
    expect(readFileSync(join(root, "log"), "utf8")).to.match(
      /^npx -y -p node@24\.1\.2 -p npm@[\d.]+ npm ci .*\nhardhat build/,
    );
    expect(ran()).to.deep.equal(["npx", "hardhat"]);
    expect(await run()).to.deep.equal({ code: 0, stdout: "", stderr: "" });
    expect(ran()).to.deep.equal([]);
  });

  it("repeats only what a change asks for", async () => {
    await run();
    ran();
    write("contracts/sub/B.sol", "contract B {}");
    await run();
    expect(ran()).to.deep.equal(["hardhat"]);
    write("package-lock.json", '{ "changed": true }');
    await run();
    expect(ran()).to.deep.equal(["npx", "hardhat"]);
    rmSync(join(root, "typechain-types"), { recursive: true });
    await run();
    expect(ran()).to.deep.equal(["hardhat"]);
  });

  it("keeps stdout for the command it prepares", async () => {
    const { stdout, stderr } = await run();
    expect(stdout).to.equal("");
    expect(stderr).to.match(/installing[^]*compiling/);
  });

  it("says what to do when the installation fails, and tries again next time", async () => {
    write("offline", "");
    const { code, stderr } = await run();
    expect(code).to.equal(1);
    expect(stderr).to.match(/npm error network[^]*installing the dependencies failed[^]*npm run setup/);
    rmSync(join(root, "offline"));
    expect((await run()).code).to.equal(0);
  });

  it("says what to do when the contracts do not compile, and tries again next time", async () => {
    write("broken", "");
    const { code, stderr } = await run();
    expect(code).to.equal(1);
    expect(stderr).to.match(/do not compile[^]*hardhat clean/);
    ran();
    await run();
    expect(ran()).to.deep.equal(["hardhat"]);
  });

  it("installs once when two commands start together", async () => {
    const results = await Promise.all([run(), run()]);
    expect(results.map(({ code }) => code)).to.deep.equal([0, 0]);
    expect(ran()).to.deep.equal(["npx", "hardhat"]);
  });

  it("takes over the lock of a set-up that was killed", async () => {
    write(".setup.lock", "999999999");
    expect((await run()).code).to.equal(0);
    expect(existsSync(join(root, ".setup.lock"))).to.equal(false);
  });
});
