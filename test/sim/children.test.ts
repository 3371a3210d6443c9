import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { expect } from "chai";

import { createChildren } from "../../src/sim/driver/children.js";
import { startRole } from "../../src/sim/driver/role-process.js";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition() && Date.now() < deadline) await delay(20);
  expect(condition()).to.equal(true);
}

describe("processes of a simulation", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-test-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    it(`none outlives a driver that gets ${signal}`, async () => {
      const driver = spawn(process.execPath, ["--import", "tsx", "test/support/family.ts", folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [text] = (await once(driver.stdout, "data")) as [Buffer];
      const pid = Number(text.toString());
      expect(isAlive(pid)).to.equal(true);
      driver.kill(signal);
      await once(driver, "exit");
      await until(() => !isAlive(pid));
    });
  }

  it("no chain outlives a driver that ends itself", async () => {
    const start = `const { startAnvil } = await import("./scripts/support/anvil.ts");
      process.stdout.write((await startAnvil()).rpcUrl, () => process.exit(3));`;
    const args = ["--import", "tsx", "--input-type", "module", "-e", start];
    const driver = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [[url], [code]] = (await Promise.all([once(driver.stdout, "data"), once(driver, "exit")])) as [
      [Buffer],
      [number],
    ];
    expect(code).to.equal(3);
    const isGone = (): Promise<boolean> =>
      fetch(url.toString(), { method: "POST" }).then(
        () => false,
        () => true,
      );
    let gone = await isGone();
    for (const end = Date.now() + 60_000; !gone && Date.now() < end; gone = await isGone()) await delay(20);
    expect(gone).to.equal(true);
  });

  it("gives a child its own settings and none of the driver's", async () => {
    const children = createChildren(folder);
    process.env["TOUCHSTONE_PRIVATE_KEY"] = "secret";
    try {
      const lines: string[] = [];
      const show = "console.log(process.env.TOUCHSTONE_HOME, process.env.TOUCHSTONE_PRIVATE_KEY)";
      const child = children.start({
        name: "env",
        args: ["-e", show],
        settings: { TOUCHSTONE_HOME: "/h" },
        onLine: (line) => lines.push(line),
      });
      expect(await child.ended).to.equal("0");
      await until(() => lines.length > 0);
      expect(lines).to.deep.equal(["/h undefined"]);
      expect(readFileSync(join(folder, "env.log"), "utf8")).to.equal("/h undefined\n");
    } finally {
      delete process.env["TOUCHSTONE_PRIVATE_KEY"];
      await children.stopAll();
    }
  });

  it("ends only when all was read that a process printed, and with it what it left behind", async () => {
    const children = createChildren(folder);
    const lines: string[] = [];
    // What it leaves holds its output open.
    const script = `require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" }).unref();
      for (let i = 0; i < 20_000; i++) console.log(i)`;
    const child = children.start({ name: "talker", args: ["-e", script], settings: {}, onLine: (l) => lines.push(l) });
    expect(await child.ended).to.equal("0");
    expect(lines.length).to.equal(20_000);
    await children.stopAll();
  });

  it("waits for what a role is to say, and says which log tells why it ended without", async () => {
    const children = createChildren(folder);
    const said = JSON.stringify({ level: 30, event: "listening", at: "http://127.0.0.1:9" });
    const start = (name: string, script: string) =>
      startRole(children, { name, isHonest: true, args: ["-e", script], settings: {} });
    const talks = start("talks", `setTimeout(() => console.log('${said}'), 300); setTimeout(() => 0, 60_000)`);
    expect((await talks.says("listening"))["at"]).to.equal("http://127.0.0.1:9");
    const dies = start("worker dies", "process.exit(7)");
    const thrown: unknown = await dies.says("listening").catch((reason: unknown) => reason);
    expect(thrown).to.include({ code: "ROLE_ENDED", message: "worker dies ended by itself (7)." });
    expect(thrown).to.include({ next: `${join(folder, "worker-dies.log")} says why.` });
    await children.stopAll();
  });

  it("brings a role back that its supervisor would, and none after the end, when its log's folder may be gone", async () => {
    const children = createChildren(folder);
    const script = "setTimeout(() => process.exit(3), +process.argv[1])";
    const start = (name: string, life: number) =>
      startRole(children, {
        ...{ name, isHonest: true, supervised: true, settings: {} },
        args: ["-e", script, String(life)],
      });
    const [dies, lives] = [start("dies", 100), start("lives", 60_000)];
    // One is away for a while again, and one runs.
    await until(() => dies.revivals() === 1 && !isAlive(dies.pid()));
    await children.stopAll();
    rmSync(folder, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect([dies.revivals(), lives.revivals()]).to.deep.equal([1, 0]);
  });

  it("tells a role that ended by itself from one that was stopped, and follows its idle reports", async () => {
    const children = createChildren(folder);
    const say = (head: number): string => JSON.stringify({ level: 30, event: "idle", head });
    const script = `console.log('not JSON'); console.log('${say(7)}'); setTimeout(() => process.exit(3), +process.argv[1])`;
    const start = (name: string, life: number) =>
      startRole(children, { name, isHonest: true, args: ["-e", script, String(life)], settings: {} });
    const [short, long] = [start("short", 300), start("long", 60_000)];
    await until(() => short.idleAt() === 7 && long.idleAt() === 7);
    await until(() => short.failure() === "3");
    await long.stop("SIGKILL");
    expect(long.failure()).to.equal(undefined);
    expect(long.isExpected()).to.equal(false);
    long.restart();
    expect(long.idleAt()).to.equal(-1);
    await until(() => long.idleAt() === 7);
    await children.stopAll();
  });
});
