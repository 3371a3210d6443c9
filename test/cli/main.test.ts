import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import type { Command } from "commander";

import { buildProgram } from "../../src/cli/program.js";
import { bashCompletion, fishCompletion, reference, wordsOf, zshCompletion } from "../../src/cli/tree.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** A port that nobody listens on. */
const NOWHERE = "http://127.0.0.1:9";

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function touchstone(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
      env: { PATH: process.env["PATH"], HOME: tmpdir(), TOUCHSTONE_RPC_URL: NOWHERE, ...env },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("touchstone", function () {
  // A command takes seconds to start, and many times that on a machine that is busy.
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-cli-"));
  after(() => rmSync(folder, { recursive: true }));

  it("explains itself and every group of commands", async () => {
    const help = await touchstone(["--help"]);
    expect(help.code).equal(0);
    for (const name of ["model", "operator", "job", "challenge", "worker", "watch", "conformance", "simulate"]) {
      expect(help.out).match(new RegExp(`^  ${name} `, "m"));
    }
    expect((await touchstone(["operator", "stake", "--help"])).out).include("Example:");
    // Defaults that are amounts have to be shown too.
    for (const command of [["worker", "run"], ["watch"], ["infer"], ["operator", "offer"]]) {
      expect((await touchstone([...command, "--help"])).code, command.join(" ")).equal(0);
    }
  });

  it("lists itself in docs/cli.md", () => {
    const page = reference(buildProgram());
    if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync("docs/cli.md", page);
    expect(readFileSync("docs/cli.md", "utf8"), "UPDATE_SNAPSHOTS=1 renews it").equal(page);
  });

  it("completes in bash: commands, commands below them, and options", () => {
    const script = bashCompletion(wordsOf(buildProgram()));
    const complete = (...words: string[]): string =>
      execFileSync(
        "bash",
        [
          "-c",
          `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _touchstone; echo "\${COMPREPLY[*]}"`,
          "-",
          ...words,
        ],
        { encoding: "utf8" },
      ).trim();
    expect(complete("touchstone", "dep")).equal("deploy");
    expect(complete("touchstone", "challenge", "ref")).equal("refute");
    expect(complete("touchstone", "deploy", "--dry")).equal("--dry-run");
  });

  it("writes completion for each shell with every command in it", async () => {
    const words = wordsOf(buildProgram());
    for (const shell of [zshCompletion, fishCompletion]) {
      const script = shell(words);
      for (const { path } of words.filter((each) => each.path.length > 0)) expect(script).include(path.at(-1));
    }
    expect((await touchstone(["completion", "fish"])).out).equal(fishCompletion(words));
    expect((await touchstone(["completion", "csh"])).code).equal(2);
  });

  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

  it("has an example in the help of every command that does something", () => {
    const helpOf = (command: Command): string => {
      let text = "";
      command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
      return text;
    };
    const leaves = all(buildProgram()).filter(({ commands }) => commands.length === 0);
    expect(leaves.length).greaterThan(50);
    const without = leaves.filter((command) => !/\nExamples?:\n.*npx touchstone /s.test(helpOf(command)));
    expect(without.map((command) => `${command.parent?.name() ?? ""} ${command.name()}`)).deep.equal([]);
  });

  it("has help for every command, defaults included", () => {
    for (const command of all(buildProgram())) expect(command.helpInformation(), command.name()).match(/^Usage: /);
    expect(reference(buildProgram())).include("least deposit for a reservation (default: 0.001)");
  });

  it("answers a request that makes no sense with exit code 2 and a reason", async () => {
    const senseless = [
      ["nonsense"],
      ["job", "show", "0x12"],
      ["operator", "stake", "many"],
      ["simulate", "--lies", "no"],
    ];
    for (const args of senseless) {
      const { code, err } = await touchstone(args);
      expect(code, args.join(" ")).equal(2);
      expect(err, args.join(" ")).not.equal("");
    }
  });

  it("tells programs in one JSON object what made no sense", async () => {
    // Found by commander without an argument and in one, and by a command itself.
    for (const args of [[], ["operator", "stake", "-5"], ["model", "pull", "nonsense"]]) {
      const { code, out, err } = await touchstone(["--json", ...args]);
      expect(code, args.join(" ")).equal(2);
      expect(err, args.join(" ")).equal("");
      const { error } = JSON.parse(out) as { error: { code: string; message: string } };
      expect(error.code).equal("USAGE");
      expect(error.message).not.match(/^error: |outputHelp/);
    }
    const { code, out } = await touchstone(["--json", "completion", "bash"]);
    expect(code).equal(0);
    expect(JSON.parse(out)).property("shell", "bash");
  });

  it("refuses choices that there are not, and requests without what they need, before it does anything", async () => {
    const id = `0x${"ab".repeat(32)}`;
    for (const [args, code] of [
      [["watch", "--engine", "gpu"], "commander.invalidArgument"],
      [["worker", "host", "--optimisation", "most"], "commander.invalidArgument"],
      [["infer", id, "--max-price", "1"], "commander.missingMandatoryOptionValue"],
    ] as const) {
      const refused = buildProgram().parseAsync(["--json", ...args], { from: "user" });
      expect(await refused.catch((thrown: unknown) => thrown), args.join(" ")).property("code", code);
    }
  });

  it("names what failed and what to do next, for people and for programs", async () => {
    const id = `0x${"ab".repeat(32)}`;
    const people = await touchstone(["job", "show", id]);
    expect(people.code).equal(1);
    expect(people.err).include("error RPC_UNREACHABLE").and.include("next: Start one");
    const programs = await touchstone(["--json", "job", "show", id]);
    expect(programs.code).equal(1);
    expect((JSON.parse(programs.out) as { error: { code: string } }).error.code).equal("RPC_UNREACHABLE");
  });

  it("refuses wrong settings without printing their values", async () => {
    const secret = "0xnotakeynotakeynotakey";
    const { code, out, err } = await touchstone(["operator", "faucet"], { TOUCHSTONE_PRIVATE_KEY: secret });
    expect(code).equal(1);
    expect(err).include("TOUCHSTONE_PRIVATE_KEY");
    expect(out + err).not.include(secret);
  });

  it("names files that are no models or manifests", async () => {
    const path = join(folder, "noise");
    writeFileSync(path, "noise");
    const compile = await touchstone(["model", "compile", path, path]);
    expect(compile.code).equal(1);
    expect(compile.err).include("MANIFEST_INVALID");
    writeFileSync(path, "{}");
    const empty = await touchstone(["model", "compile", path, path]);
    expect(empty.err)
      .match(/MANIFEST_INVALID.* format: .*; name: /)
      .and.not.include("\ufffd");
    const missing = await touchstone(["model", "compile", join(folder, "nothing"), path]);
    expect(missing.err).include("FILE_UNREADABLE");
  });
});
