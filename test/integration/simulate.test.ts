import { spawn } from "node:child_process";

import { expect } from "chai";

import type { SimulationReport } from "../../src/sim/simulate/report.js";

const SEED = 7;
const DRAWS = 4;
const ARGS = [
  "--workers",
  "3",
  "--frauds",
  "copied,deviating",
  "--factors",
  "1.01,3",
  "--lies",
  "inner",
  "--draws",
  String(DRAWS),
  "--seed",
  String(SEED),
];

function simulate(): Promise<{ code: number | null; report: SimulationReport; errors: string }> {
  return new Promise((resolve, reject) => {
    const args = ["bin/touchstone.mjs", "simulate", "--json", ...ARGS];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      const last = output.trim().split("\n").at(-1) ?? "";
      if (!last.startsWith("{")) reject(new Error(`simulate ended with ${code}: ${errors}`));
      else resolve({ code, report: JSON.parse(last) as SimulationReport, errors });
    });
  });
}

describe(`simulator, seed ${SEED}`, function () {
  // Three minutes on two free cores; a machine that is busy with something else takes longer.
  this.timeout(1_200_000);

  it("pays the honest, slashes every fraud and nobody else, through a killed and a late worker", async () => {
    const { code, report } = await simulate();
    expect(report.problems).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(report).to.include({ frauds: 4, fraudsSlashed: 4, fraudsMissed: 0, falseSlashes: 0, seed: SEED });
    expect(report).to.include({ falseChallenges: 1, falseChallengesRefuted: 1 });
    expect(report.deviations).to.deep.equal([
      { factor: 1.01, job: "Wrong" },
      { factor: 3, job: "Wrong" },
    ]);
    // Whom the draws name is up to block hashes.
    const jobs = report.operators.map(({ operator, jobs: n, drawn, final, wrong, refunded, late }) => [
      operator,
      n - drawn,
      final - drawn,
      wrong,
      refunded,
      late,
    ]);
    expect(jobs).to.deep.equal([
      ["worker-1", 3, 3, 0, 0, 0],
      ["worker-2", 3, 3, 0, 0, 0],
      ["worker-3", 3, 3, 0, 0, 0],
      ["latecomer", 2, 1, 0, 1, 1],
      ["absentee", 0, 0, 0, 0, 1],
      ["cheat-copied", 1, 0, 1, 0, 0],
      ["cheat-deviating", 2, 0, 2, 0, 0],
      ["seller", 0, 0, 0, 0, 0],
      ["cheat-receipts", 0, 0, 0, 0, 0],
    ]);
    // One of the drawn jobs was missed and drawn again; the latecomer's was named. Each burns a hundredth of its lock.
    expect(report.draws).to.deep.equal({
      ...{ jobs: DRAWS, final: DRAWS, draws: DRAWS + 1 },
      ...{ missed: 2, redrawn: 1, tokensBurnt: "2" },
    });
    // How many answers the honest auditor has stake for, and who of three is picked, is up to block hashes.
    expect(report.audits.jobs).to.be.at.least(6);
    const auditorOf = (name: string) => report.audits.auditors.find(({ auditor }) => auditor === name);
    expect(auditorOf("auditor")).to.include({ missed: 0, slashed: 0, stakeSlashed: "0" });
    expect(auditorOf("auditor")?.paid).to.be.at.least(4);
    // It owes a report for every audit that it was drawn for and had committed to when it went.
    expect(auditorOf("silent")).to.include({ slashed: 0, stakeSlashed: "0" });
    expect(auditorOf("silent")?.missed).to.be.at.least(1);
    expect(auditorOf("lazy")).to.include({ audits: 1, slashed: 1, stakeSlashed: "100", coins: "0" });
    expect(report.receipts, "three right ones and a wrong one").to.equal(4);
    const gainOf = (name: string) => report.gains.find(({ role }) => role === name);
    expect(
      gainOf("worker-2")?.tokens,
      "three answers for tokens, less what the audit pool and its backer got",
    ).to.equal("+0.00228");
    expect(gainOf("backer of worker-2")?.tokens).to.equal("+0.00057");
    expect(gainOf("backer of worker-1")?.stake).to.equal("0");
    expect(gainOf("backer of cheat-copied")?.stake, "a fifth of the slash").to.equal("-20");
    expect(gainOf("lazy")?.stake, "what a false report loses").to.equal("-100");
    expect(gainOf("backer of cheat-receipts")?.stake).to.equal("-10");
    expect(report.bits).to.include({ answers: 9, questions: 3, pairs: 9 });
    expect(report.bits.differingPairs).to.be.greaterThan(0);
    expect(report.bits.largest).to.be.lessThan(1 / 16);
  });
});
