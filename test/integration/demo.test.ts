import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { notInRun, shownOutput } from "../../scripts/checks/readme.js";
import type { Summary } from "../../src/sim/demo/summary.js";

interface Step {
  readonly type: string;
  readonly actor: string;
  readonly call: string;
  readonly meaning: string;
  readonly gas: number;
}

function run(args: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, errors }));
  });
}

describe("demo", function () {
  // Two minutes on two free cores; a machine that is busy with something else takes longer.
  this.timeout(1_200_000);

  const folder = mkdtempSync(join(tmpdir(), "touchstone-test-"));
  const transcript = join(folder, "transcript.txt");
  let code: number | null;
  let steps: Step[];
  let result: Summary;

  before(async () => {
    const { code: exitCode, output, errors } = await run(["scripts/demo.ts", "--json", "--transcript", transcript]);
    code = exitCode;
    const lines = output.trim().split("\n");
    expect(lines.length, errors).to.be.greaterThan(10);
    result = JSON.parse(lines.at(-1) ?? "") as Summary;
    steps = lines.slice(0, -1).flatMap((line) => {
      const parsed = JSON.parse(line) as Step;
      return parsed.type === "step" ? [parsed] : [];
    });
    expect(result.problems, errors).to.deep.equal([]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const said = (pattern: RegExp): string[] =>
    steps.filter(({ meaning }) => pattern.test(meaning)).map(({ actor, meaning }) => `${actor} ${meaning}`);

  it("ends well", () => {
    expect(code).to.equal(0);
    expect(result.falseSlashes).to.equal(0);
    expect(result.fraudsMissed).to.equal(0);
  });

  it("finalises and pays honest answers", () => {
    expect(result.honestFinalised).to.equal(6);
    expect(said(/is final, a fee of 0.001 coins/)).to.have.length(5);
    expect(said(/is final, a fee of 0.001 tokens/)).to.have.length(2);
    expect(said(/^answers job [123]: [209] /).sort()).to.have.length(3);
  });

  it("pays by receipts and in tokens, and lets delegators share fees and slashes", () => {
    const { market } = result;
    expect(market).to.include({ rightReceipts: 3, wrongReceiptsSlashed: 1, reservationSlashed: "50" });
    expect(said(/^collects 1 voucher for 0.0003 coins/)).to.deep.equal(["ada collects 1 voucher for 0.0003 coins"]);
    expect(said(/^receipt 1 is wrong: lupin loses 50 tokens, 30 burn/)).to.have.length(1);
    expect(market.delegators.map(({ name, operator, stake }) => [name, operator, stake])).to.deep.equal([
      ["diana", "ada", "0"],
      ["fred", "lupin", "-10"],
    ]);
    expect(said(/that its delegation earned/)).to.have.length(2);
    const gainOf = (name: string) => market.gains.find(({ role }) => role === name);
    expect(gainOf("carol")).to.include({ tokens: "-0.002", stake: "+66" });
    expect(gainOf("grace")).to.include({ tokens: "+0.0019" });
    // Of slashes 230, and 1 for the missed deadline.
    expect(gainOf("burnt")).to.include({ stake: "+231" });
    expect(result.gas["requestWithPermit"], "a permit instead of an allowance").to.be.greaterThan(100_000);
  });

  it("slashes four frauds by different operators, each caught by the watcher", () => {
    expect(result.fraudsSlashed, "with the wrong receipt").to.equal(5);
    expect(result.frauds).to.deep.equal([
      { operator: "mallory", fraud: "another", job: "Wrong" },
      { operator: "trudy", fraud: "int8", job: "Wrong" },
      { operator: "oscar", fraud: "stale", job: "Wrong" },
      { operator: "eve", fraud: "copied", job: "Wrong" },
    ]);
    expect(result.tokensSlashed).to.equal("450");
    expect(result.tokensBurnt).to.equal("230");
    for (const { operator } of result.frauds) {
      expect(said(new RegExp(`is wrong: ${operator} loses 100 tokens, 50 burn`))).to.have.length(1);
    }
    expect(said(/^challenges job [4567]:/).every((line) => line.startsWith("watcher "))).to.equal(true);
  });

  it("ends three false challenges and splits their bonds", () => {
    expect(result.falseChallengesRefuted).to.equal(3);
    expect(result.falseChallenges).to.deep.equal([
      { challenger: "iago", lie: "inner", ended: "Refuted" },
      { challenger: "sinon", lie: "garbage", ended: "Unanswered" },
      { challenger: "judas", lie: "leaf", ended: "Unanswered" },
    ]);
    expect(Number(result.bondsBurnt)).to.be.within(0.1, 0.15);
    expect(result.bondsBurnt).to.equal(result.bondsToDefence);
  });

  it("draws an operator that does not answer, makes that cost it, and draws again", () => {
    expect(result.draws).to.deep.equal({ jobs: 1, final: 1, draws: 2, missed: 1, redrawn: 1, tokensBurnt: "1" });
    expect(said(/^draws rip for job 11$/)[0]).to.match(/^carol /);
    expect(said(/^has job 11 drawn anew; rip has a strike, and of its stake burns 1$/)).to.have.length(1);
    // The second draw is made by whoever it names.
    const [, second] = said(/^draws [a-z]+ for job 11$/);
    const [operator] = (second ?? "").split(" ");
    expect(second).to.equal(`${operator} draws ${operator} for job 11`);
  });

  it("audits the drawn job's answer, and pays for it", () => {
    const pay = { coins: "0.00001", tokens: "0" };
    expect(result.audits.auditors).to.deep.equal([
      { auditor: "hedy", audits: 1, paid: 1, released: 0, missed: 0, slashed: 0, ...pay, stakeSlashed: "0" },
    ]);
    expect(said(/^starts the audit of job 11 by hedy$/)).to.have.length(1);
    expect(said(/^reports on job 11: nothing is wrong, under a bond$/)).to.deep.equal([
      "hedy reports on job 11: nothing is wrong, under a bond",
    ]);
    expect(said(/^ends its audit of job 11: the report stood, 0.00001 coins are earned$/)).to.have.length(1);
  });

  it("knows the gas of every function that it used", () => {
    const used = ["register", "request", "submit", "finalise", "commitChallenge", "openChallenge", "demand"];
    const rest = ["demandDeeper", "supplyHashes", "supplyLeaf", "refute", "expire", "resolve", "execute", "deploy"];
    for (const name of [...used, ...rest]) expect(result.gas[name], name).to.be.greaterThan(20_000);
  });

  it("prints what README.md shows", () => {
    const shown = shownOutput(readFileSync("README.md", "utf8"));
    expect(shown, "README.md has a block after <!-- demo output -->").not.to.equal(undefined);
    expect(notInRun(shown ?? [], readFileSync(transcript, "utf8"))).to.deep.equal([]);
  });
});
