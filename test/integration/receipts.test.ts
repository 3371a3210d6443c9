import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther, ZeroAddress } from "ethers";

import { ClaimStatus } from "../../src/dispute/protocol.js";
import { publishModel } from "../../src/models/publish.js";
import { classOf, readDigitModel } from "../../src/sim/digits.js";
import type { Actor } from "../../src/sim/driver/actors.js";
import { type Children, createChildren, ROOT } from "../../src/sim/driver/children.js";
import { joinOperator, type Operator, TERMS } from "../../src/sim/driver/operators.js";
import { DEFAULT_RUNTIME, fraudArgs, watcherArgs, workerArgs } from "../../src/sim/driver/processes.js";
import type { LogLine, RoleProcess } from "../../src/sim/driver/role-process.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";
import { startServer } from "../../src/sim/market/server.js";

const SEED = 11;
const PRICE = parseEther("0.0001");
const CAP = parseEther("500");
const RESERVED = parseEther("50");

interface Answer {
  readonly claimId: string;
  readonly receipt: { readonly reservation: string; readonly price: string; readonly issuedAt: number };
  readonly outputs: readonly (readonly string[])[];
  readonly right?: boolean;
}

describe("receipts, by real processes", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-receipts-"));
  const home = join(folder, "home");
  const digits = join(ROOT, "assets/models/mnist-8-cntk");
  const events: { readonly role: string; readonly line: LogLine }[] = [];
  let children: Children;
  let world: World;
  let modelId: string;
  let consumer: Actor;
  let ada: Operator;
  let mallory: Operator;
  const endpoints = new Map<string, string>();
  const roles = new Map<string, RoleProcess>();

  /** Starts a role with an HTTP interface. */
  async function serve(name: string, actor: Actor, args: readonly string[]): Promise<void> {
    const onEvent = (line: LogLine): void => void events.push({ role: name, line });
    const { role, endpoint } = await startServer(world, { name, actor, args, onEvent });
    roles.set(name, role);
    endpoints.set(name, endpoint.href);
  }

  const seen = (role: string, event: string): LogLine[] =>
    events.filter((each) => each.role === role && each.line.event === event).map(({ line }) => line);

  /** Waits for a role that works on something no block tells of: a receipt that was sent to it. */
  async function said(role: string, event: string, times: number): Promise<void> {
    while (seen(role, event).length < times) await roles.get(role)!.says(event);
  }

  /** Runs `touchstone` with the consumer's key. */
  async function touchstone(...args: readonly string[]): Promise<Record<string, unknown>> {
    const lines: string[] = [];
    const child = children.start({
      name: `client ${args[0]}`,
      args: ["bin/touchstone.mjs", "--json", ...args],
      settings: {
        TOUCHSTONE_HOME: home,
        TOUCHSTONE_RPC_URL: world.rpcUrl,
        TOUCHSTONE_DEPLOYMENT: join(home, "deployment.json"),
        TOUCHSTONE_PRIVATE_KEY: consumer.privateKey,
        TOUCHSTONE_LOG_LEVEL: "silent",
      },
      onLine: (line) => void lines.push(line),
    });
    await child.ended;
    return JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>;
  }

  const infer = (role: string, digit: number, ...flags: readonly string[]) =>
    touchstone(
      ...["infer", modelId, "--endpoint", endpoints.get(role) ?? "", "--max-price", "0.0001"],
      ...["--input", join(digits, `test_data_set_${digit}/input_0.pb`)],
      ...["--watcher", endpoints.get("watcher") ?? "", ...flags],
    );

  before(async () => {
    children = createChildren(join(folder, "logs"));
    const model = readDigitModel(ROOT);
    const none = (): void => undefined;
    world = await createWorld({ children, home, seed: SEED, pollMs: 150, onWorld: none, onStep: none });
    const { suite, actors, files } = world;
    const publisher = world.sender(await actors.get("publisher"));
    const publication = { bytes: model.bytes, manifest: model.manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    ({ modelId } = await publishModel({ suite, sender: publisher, files }, publication));
    consumer = await actors.get("carol");
    [ada, mallory] = [await joinOperator(world, "ada", modelId), await joinOperator(world, "mallory", modelId)];
    for (const { owner } of [ada, mallory]) {
      await world.sender(owner).send(await suite.receipts.setReservationCap.populateTransaction(CAP));
    }
    const terms = ["--serve", `${modelId}=0.0001`];
    await serve("ada", ada.worker, [...workerArgs(DEFAULT_RUNTIME), ...terms, "--collect-from", "0.00025"]);
    await serve("mallory", mallory.worker, [...fraudArgs("another", SEED), ...terms]);
    await serve("watcher", await actors.get("watcher"), watcherArgs());
    await world.clock.settle();
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("without a deposit nothing is answered, and the client says what to do", async () => {
    const refused = (await infer("ada", 0)) as { error?: { code: string } };
    expect(refused.error?.code).to.equal("DEPOSIT_SMALL");
  });

  it("honest answers are paid by vouchers, one transaction for three", async () => {
    const { receipts, profiles } = world.suite;
    const answers: Answer[] = [];
    for (const digit of [0, 1, 2]) {
      answers.push((await infer("ada", digit, "--deposit", "0.01")) as unknown as Answer);
    }
    expect(answers.map(({ outputs }) => classOf((outputs[0] ?? []).map(Number)))).to.deep.equal([2, 0, 9]);
    await said("watcher", "checked", 3);
    await said("ada", "collected-vouchers", 1);
    await world.clock.settle();
    const reservations = new Set(answers.map(({ receipt }) => receipt.reservation));
    expect(reservations.size, "one reservation for all").to.equal(1);
    const [reservation] = [...reservations];
    const { collected, balance } = await receipts.reservationOf(reservation!);
    expect(collected).to.equal(3n * PRICE);
    expect(balance).to.equal(parseEther("0.01") - 3n * PRICE);
    expect(seen("ada", "collected-vouchers")).to.have.length(1);
    expect(await receipts.creditOf(ZeroAddress, await profiles.payoutOf(ada.owner.address)), "withdrawn").to.equal(0n);
    expect(seen("watcher", "checked").map((line) => line["claimId"])).to.have.members(
      answers.map(({ claimId }) => claimId),
    );
    for (const { claimId } of answers) {
      expect(Number((await receipts.claim(claimId)).status), "never presented").to.equal(ClaimStatus.None);
    }
    const { claimId } = answers[0]!;
    const quote = await touchstone("challenge", "quote", claimId);
    const worth = { lock: String(RESERVED), ownPart: String(RESERVED), reward: String(parseEther("17.5")) };
    expect(quote).to.include({ claimId, status: "None", open: true, openChallenges: "0", ...worth });
    const { window } = await receipts.reservationOf(reservation!);
    const { issuedAt } = answers[0]!.receipt;
    expect(quote["openBefore"]).to.equal(String((await world.suite.hub.timeAt(issuedAt)) + window));
    const opened = (await touchstone("challenge", "open", claimId)) as { error?: { code: string } };
    expect(opened.error?.code, "the audit comes first").to.equal("ANSWER_RIGHT");
  });

  it("a wrong answer is presented and challenged by the watcher, and its reservation slashed", async () => {
    const { receipts, staking } = world.suite;
    const stake = await staking.stakeOf(mallory.owner.address);
    const answer = (await infer("mallory", 0, "--deposit", "0.01", "--check")) as unknown as Answer;
    expect(answer.right).to.equal(false);
    await said("watcher", "opened", 1);
    await world.clock.settle();
    expect(Number((await receipts.claim(answer.claimId)).status)).to.equal(ClaimStatus.Answered);
    const quote = await touchstone("challenge", "quote", answer.claimId);
    expect(quote).to.include({ status: "Answered", open: true, openChallenges: "1" });
    const { challengeDeadline } = await receipts.claim(answer.claimId);
    expect(quote["openBefore"]).to.equal(String(challengeDeadline));
    const life = await world.suite.claimLens.claimLife(world.suite.deployment.receipts, answer.claimId);
    expect(quote["finalAtWorst"]).to.equal(String(life.worst.time));
    while (Number((await receipts.claim(answer.claimId)).status) === ClaimStatus.Answered) {
      expect(await world.clock.advance(), "something is due").to.equal(true);
    }
    expect(Number((await receipts.claim(answer.claimId)).status)).to.equal(ClaimStatus.Wrong);
    expect(stake - (await staking.stakeOf(mallory.owner.address))).to.equal(RESERVED);
    expect(await staking.stakeOf(ada.owner.address)).to.equal(TERMS.stake);
    expect(await staking.rewardOf(consumer.address), "the consumer's share").to.be.above(0n);
    for (const event of ["presented", "opened", "resolved", "executed"]) {
      expect(seen("watcher", event), event).to.have.length(1);
    }
  });

  it("a payer that takes its deposit back is served no more", async () => {
    const { receipts } = world.suite;
    const { receipt } = (await infer("ada", 0, "--deposit", "0.01")) as unknown as Answer;
    await touchstone("reservation", "thaw", receipt.reservation, "1");
    await world.clock.settle();
    expect(seen("ada", "ended").map((line) => line["reservation"])).to.deep.equal([receipt.reservation]);
    const { collected, end } = await receipts.reservationOf(receipt.reservation);
    expect(collected, "collected before it leaves").to.be.above(0n);
    expect(end).to.be.at.most(await world.suite.hub.time());
    const thawing = await touchstone("reservation", "show", receipt.reservation);
    const { thawedAt } = await receipts.reservationOf(receipt.reservation);
    expect(thawing).to.include({ payer: consumer.address, thawedAt: String(thawedAt) });
    await world.provider.send("evm_setNextBlockTimestamp", [Number(thawedAt) + 1]);
    await world.provider.send("evm_mine", []);
    expect(await touchstone("reservation", "withdraw", receipt.reservation)).to.have.property("gas");
    expect((await receipts.reservationOf(receipt.reservation)).balance).to.equal(0n);
  });
});
