import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { gamesVersion } from "../../scripts/games/plan.js";
import { shardFile } from "../../scripts/games/shard.js";
import { type Played, writeGame } from "../../scripts/games/table.js";

/** Command lines of the processes whose environment names a folder: Linux tells. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder)) return [];
      return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
    } catch {
      // No process, or one that has just ended.
      return [];
    }
  });
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!condition()) {
    if (Date.now() > deadline) expect.fail(`never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the command that plays games", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-test-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, ["--import", "tsx", "scripts/games.ts", "--out", folder, ...args], {
      stdio: ["ignore", "pipe", "ignore"],
    });

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    it(`leaves no process behind at ${signal}, and starts no further shard`, async function () {
      if (!existsSync("/proc/self/environ")) this.skip();
      this.timeout(120_000);
      const run = start("--games", "1001", "--seed", "7");
      run.stdout?.resume();
      // The runner of the tests, which the command starts by way of another process.
      const runs = (line: string) => line.includes("games.test.ts") && !line.includes("scripts/test.ts");
      await until("at the games", () => processesOf(folder).some(runs));
      run.kill(signal);
      await once(run, "exit");
      await until("quiet", () => processesOf(folder).length === 0);
      expect(readdirSync(join(folder, gamesVersion())).filter((file) => !file.endsWith(".unfinished"))).to.deep.equal(
        [],
      );
    });
  }

  it("plays no game twice: shards that were finished before are read", async () => {
    const purse = { coins: 1n, stake: 2n, gas: 3n };
    const game: Played = {
      cheat: "operator",
      conduct: "naps",
      lie: "nan",
      seconds: 5,
      honest: purse,
      dishonest: purse,
    };
    const file = shardFile(join(folder, gamesVersion()), { seed: 7, games: 2 });
    mkdirSync(dirname(file));
    writeFileSync(file, writeGame(game).repeat(2));
    const run = start("--games", "2", "--seed", "7");
    let output = "";
    run.stdout?.on("data", (data: Buffer) => (output += data.toString()));
    const [code] = (await once(run, "close")) as [number];
    expect(code).to.equal(0);
    expect(output).to.include("=== 2 of 2 games (kept)").and.to.include("| operator | naps | 2 | 2 |");
  });
});
