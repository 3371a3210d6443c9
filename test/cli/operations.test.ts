import { spawn } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { buildProgram } from "../../src/cli/program.js";
import { faultOf } from "../support/commands.js";

const FOLDER = "docs/operations";
const INSTALLED = "/opt/touchstone";
const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const program = buildProgram();

/** Instructions of a container file, with their lines joined; later ones of one name do not hide earlier ones. */
function instructions(text: string): { name: string; rest: string }[] {
  const lines = text.replaceAll(/\\\n\s*/g, " ").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ name: line.split(" ")[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));
}

describe("files that operators install", () => {
  for (const unit of globSync(`${FOLDER}/*.service`)) {
    it(`${unit} starts a command that there is, from paths that there are, without rights`, () => {
      const settings = readFileSync(unit, "utf8");
      const [node, bin, ...words] = /^ExecStart=(.*)$/m.exec(settings)![1]!.split(" ");
      expect(settings).to.include(`WorkingDirectory=${INSTALLED}\n`).and.include("User=touchstone\n");
      expect(existsSync(node!.replace(`${INSTALLED}/`, "")), node).to.equal(true);
      expect(existsSync(bin!), bin).to.equal(true);
      const line = words.filter((word) => !word.startsWith("$")).join(" ");
      expect(faultOf(program, line)).to.equal(undefined);
      expect(settings).to.include("NoNewPrivileges=true\n").and.include("ProtectSystem=strict\n");
    });
  }

  it("every service of the compose file runs a command that there is", () => {
    const commands = [...read("compose.yml").matchAll(/^ {4}image: touchstone\n {4}command: (.*)$/gm)];
    expect(commands).to.have.length(3);
    for (const [, json] of commands) {
      expect(faultOf(program, (JSON.parse(json!) as string[]).join(" ")), json).to.equal(undefined);
    }
  });

  it("the image is run by a user without rights, looks after its health, and stops politely", () => {
    const all = instructions(read("Containerfile"));
    const rest = (name: string): string[] => all.filter((each) => each.name === name).map((each) => each.rest);
    expect(rest("USER")).to.deep.equal(["touchstone"]);
    expect(all.findIndex(({ name }) => name === "USER")).to.be.lessThan(
      all.findIndex(({ name }) => name === "ENTRYPOINT"),
    );
    expect(rest("STOPSIGNAL")).to.deep.equal(["SIGTERM"]);
    expect(faultOf(program, (JSON.parse(rest("CMD").at(-1)!) as string[]).join(" "))).to.equal(undefined);
    const check = /CMD (\[.*\])$/.exec(rest("HEALTHCHECK")[0]!)![1]!;
    expect((JSON.parse(check) as string[])[2]).to.include("process.env.HEALTH_URL");
    expect(read("Containerfile")).to.match(/ENV .*HEALTH_URL=http:\/\/127\.0\.0\.1:8700\/health/);
  });

  it("what the image copies is enough to start every role", async function () {
    this.timeout(300_000);
    const root = mkdtempSync(join(tmpdir(), "touchstone-image-"));
    try {
      for (const { name, rest } of instructions(read("Containerfile"))) {
        if (name !== "COPY") continue;
        const words = rest.split(" ");
        const target = words.pop()!;
        for (const source of words) cpSync(source, join(root, words.length > 1 ? source : target), { recursive: true });
      }
      // What `RUN node scripts/setup.mjs` makes.
      for (const made of ["node_modules", "artifacts", "typechain-types"])
        symlinkSync(join(process.cwd(), made), join(root, made));
      // One command line has the modules of all roles.
      const child = spawn(process.execPath, ["bin/touchstone.mjs", "worker", "host", "--help"], {
        cwd: root,
        stdio: "ignore",
      });
      expect(await new Promise((resolve) => child.once("exit", resolve))).to.equal(0);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
