import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther, ZeroAddress, type TransactionRequest } from "ethers";
import { pino } from "pino";

import { tensorFromBytes } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { createFeed } from "../../src/chain/feed.js";
import type { PassResult } from "../../src/chain/role.js";
import { createSender } from "../../src/chain/sender.js";
import { connectSuite, type Suite } from "../../src/chain/suite.js";
import { claimsOf, receiptsOf } from "../../src/dispute/claims.js";
import type { Evidencer } from "../../src/dispute/evidence.js";
import { createGuard } from "../../src/dispute/guard.js";
import { TouchstoneError } from "../../src/errors.js";
import { rootOfTensors } from "../../src/receipts/roots.js";
import { wireTensor } from "../../src/receipts/wire.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { openState, type State } from "../../src/store/state.js";
import { createIntake } from "../../src/watchtower/intake.js";
import { createWatcher, uncheckedOf } from "../../src/watchtower/watcher.js";
import { accountsOf } from "../../src/worker/till.js";
import { createWorker } from "../../src/worker/worker.js";
import { at, claimOf, CLAIM, INPUTS, rightOutputs } from "../support/challenges.js";
import { finaliseJob, listHash, requestJob } from "../support/jobs.js";
import { F32 } from "../support/models.js";
import { connect, type Connection, DAY, profilesOf } from "../support/protocol.js";
import { receiptNumber } from "../support/receipt-claims.js";
import {
  deployReserved,
  now,
  RECEIPT_PARAMS,
  reserve,
  type ReservedDisputes,
  signedReceipt,
  signedVoucher,
} from "../support/receipts.js";

const ONE = parseEther("0.1");
/** No test comes to an audit run. */
const NO_AUDITS = {} as Evidencer;
const MODEL = {
  graph: { inputs: [{ name: "x", dtype: "f32", shape: [4], lo: F32.minusOne, hi: F32.one }] },
} as unknown as PreparedModel;

describe("passes of roles, around what they do", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-passes-"));
  let chain: Connection;
  let setup: ReservedDisputes;
  let suite: Suite;
  let state: State;
  let lines: { event: string; level: number; count?: number }[];
  let states = 0;
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as never) });
  const fixture = () => deployReserved(chain);

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
    const { manager, staking, ...named } = setup;
    const names = ["token", "hub", "registry", "offers", "jobs", "receipts", "lottery", "arbiter"] as const;
    const addresses = await Promise.all(names.map(async (name) => [name, await named[name].getAddress()] as const));
    suite = connectSuite(chain.ethers.provider, {
      ...(Object.fromEntries(addresses) as Record<(typeof names)[number], string>),
      ...{ chainId: 31_337, block: 0, accountLens: ZeroAddress, claimLens: ZeroAddress },
      challenges: await manager.getAddress(),
      staking: await staking.getAddress(),
      fees: await staking.delegatorFees(),
      profiles: await (await profilesOf(staking)).getAddress(),
    });
    state = openState(join(folder, `${++states}.sqlite`));
    lines = [];
  });

  afterEach(() => state.close());
  after(() => rmSync(folder, { recursive: true }));

  const events = (event: string) => lines.filter((line) => line.event === event);

  function tools(signer: Connection["worker"]) {
    const sender = createSender({ provider: suite.provider, signer, errors: suite.abi });
    const evidencer = NO_AUDITS;
    return { suite, sender, state, evidencer, log, guard: createGuard({ suite, sender, state, evidencer, log }) };
  }

  const workerPass = (outputs: readonly Uint8Array[] = []): (() => Promise<PassResult>) =>
    createWorker({
      ...tools(chain.worker),
      catalogue: { get: () => Promise.resolve(MODEL) },
      answer: () => Promise.resolve(outputs.map((bytes) => tensorFromBytes(bytes, "f32", [bytes.length / 4]))),
      operator: chain.owner.address,
      collectFrom: ONE,
    }).pass;

  const watcherPass = (): (() => Promise<PassResult>) =>
    createWatcher({
      ...tools(chain.challenger),
      signer: chain.challenger,
      catalogue: { get: () => Promise.reject(new TouchstoneError("MODEL_MISSING", "not here")) },
      runtime: () => Promise.reject(new Error("no runtime")),
    }).pass;

  /** Has the node do something else than answer calls, until the test is over. */
  async function withCalls<R>(before: (call: TransactionRequest) => void, work: () => Promise<R>): Promise<R> {
    const { provider } = chain.ethers;
    const call = provider.call.bind(provider);
    provider.call = (transaction) => {
      before(transaction);
      return call(transaction);
    };
    return work().finally(() => (provider.call = call));
  }

  const payWith = async (reservation: string, signer = chain.consumer): Promise<void> => {
    const { voucher, signature } = await signedVoucher(chain, setup, { reservation, cumulative: ONE }, signer);
    const account = { reservation, payer: chain.consumer.address, currency: ZeroAddress, spent: ONE };
    accountsOf(state).put(reservation, { ...account, voucher: { ...voucher, signature } });
  };

  it("a watcher says once that it has no model, and forgets the model's claims when they are over", async () => {
    const { id } = await claimOf(chain, setup);
    const pass = watcherPass();
    for (let i = 0; i < 3; i++) await pass();
    expect([events("not-watched").length, lines.filter(({ level }) => level >= 50).length]).to.deep.equal([1, 0]);
    expect(uncheckedOf(state).entries()).to.have.length(1);
    await at(chain, (await now(chain)) + 3 * DAY);
    await finaliseJob(setup.jobs, id);
    await pass();
    expect(uncheckedOf(state).entries()).to.have.length(1);
    await chain.networkHelpers.mine(70);
    for (let i = 0; i < 2; i++) await pass();
    expect([uncheckedOf(state).entries(), claimsOf(state).entries()]).to.deep.equal([[], []]);
  });

  it("a worker asks about no receipt before its time, and about few at a time then", async () => {
    const issuedAt = await now(chain);
    state.atomically(() => {
      for (let n = 0; n < 300; n++) {
        const { receipt, ...rest } = receiptNumber(n);
        const signed = { ...receipt, receipt: { ...receipt.receipt, reservation: setup.reservation, issuedAt } };
        receiptsOf(state).add({ ...rest, inputs: [], outputs: [], receipt: signed });
      }
    });
    const pass = workerPass();
    let calls = 0;
    const counted = async (): Promise<number> => {
      calls = 0;
      await withCalls(() => calls++, pass);
      return calls;
    };
    expect(await counted()).to.be.below(30);
    await chain.networkHelpers.time.increaseTo(issuedAt + RECEIPT_PARAMS.challengeWindow + 2 * 3_600);
    const kept: number[] = [];
    while (receiptsOf(state).entries().length > 0) {
      expect(await counted()).to.be.below(300);
      kept.push(receiptsOf(state).entries().length);
    }
    expect(kept.length).to.be.within(3, 8);
  });

  it("a worker answers jobs while something about its reservations fails", async () => {
    const jobId = await requestJob(chain, setup, { inputs: INPUTS });
    const { selector } = setup.receipts.interface.getFunction("reservationOf");
    const pass = workerPass(rightOutputs(setup, listHash(INPUTS, ["f32"])));
    const thrown: unknown = await withCalls(({ data }) => {
      if (data?.startsWith(selector) === true) throw new Error("not now");
    }, pass).catch((error: unknown) => error);
    expect((thrown as Error).message).to.equal("not now");
    expect((await setup.jobs.job(jobId)).status, JSON.stringify(lines)).to.equal(CLAIM.answered);
  });

  it("a worker remembers vouchers and reservations for as long as a reorganisation can undo what it did with them", async () => {
    await payWith(setup.reservation);
    const { end, window } = await setup.receipts.reservationOf(setup.reservation);
    await chain.networkHelpers.time.increaseTo(end + window + 10n);
    const before = await chain.networkHelpers.takeSnapshot();
    const pass = workerPass();
    const settle = async (): Promise<void> => {
      while ((await pass()).acted);
    };
    const collected = async () => (await setup.receipts.reservationOf(setup.reservation)).collected;
    await settle();
    expect(await collected()).to.equal(ONE);
    await before.restore();
    expect(await collected()).to.equal(0n);
    await settle();
    expect(await collected()).to.equal(ONE);
    await chain.networkHelpers.mine(70);
    await settle();
    expect(accountsOf(state).entries()).to.deep.equal([]);
  });

  it("a worker pays gas for no voucher that pays nothing", async () => {
    const other = await reserve(chain, setup);
    await payWith(setup.reservation);
    await payWith(other, chain.stranger);
    const pass = workerPass();
    while ((await pass()).acted);
    expect(events("collected-vouchers").map(({ count }) => count)).to.deep.equal([1]);
    expect((await setup.receipts.reservationOf(setup.reservation)).collected).to.equal(ONE);
  });

  it("a watcher keeps a receipt once that comes twice at a time", async () => {
    const tensor = (spec: { shape: readonly number[] }): Tensor =>
      tensorFromBytes(new Uint8Array(4 * spec.shape.reduce((a, b) => a * b)), "f32", spec.shape);
    const specs = {
      inputs: [{ name: "x", dtype: "f32", shape: [4] }],
      outputs: [{ name: "y", dtype: "f32", shape: [2] }],
    };
    const [inputs, outputs] = [specs.inputs.map(tensor), specs.outputs.map(tensor)];
    const roots = { inputsRoot: rootOfTensors(inputs), outputsRoot: rootOfTensors(outputs) };
    const { receipt, signature } = await signedReceipt(chain, setup, { reservation: setup.reservation, ...roots });
    const catalogue = { get: () => Promise.resolve({ graph: specs } as unknown as PreparedModel) };
    const intake = createIntake({ suite, state, catalogue, limit: 10 });
    const sent = { receipt, signature, inputs: inputs.map(wireTensor), outputs: outputs.map(wireTensor) };
    await Promise.all([intake.submit(sent), intake.submit(sent)]);
    expect(receiptsOf(state).entries()).to.have.length(1);
    // Bytes are numbered in the order in which they come.
    expect([1, 2, 3, 4].map((id) => state.bytes.get(id) !== undefined)).to.deep.equal([true, true, false, false]);
  });

  describe("reading a long chain", () => {
    /** Wide ranges are refused; `fails` may throw before an answer. */
    async function following(widest: number, fails: (from: number) => void): Promise<string[]> {
      const { provider } = chain.ethers;
      const getLogs = provider.getLogs.bind(provider);
      const read: string[] = [];
      provider.getLogs = (filter) => {
        const { fromBlock, toBlock } = filter as { fromBlock: number; toBlock: number };
        fails(fromBlock);
        if (toBlock - fromBlock >= widest) return Promise.reject(new Error(`the range is wider than ${widest}`));
        return getLogs(filter);
      };
      try {
        await createFeed(suite, state).follow((some) => read.push(...some.map(({ name }) => name)));
      } catch (thrown) {
        read.push((thrown as Error).message);
      } finally {
        provider.getLogs = getLogs;
      }
      return read;
    }

    it("goes on where it was when a node fails in between, and asks for less where a range is too wide", async () => {
      await chain.networkHelpers.mine(5_000);
      await requestJob(chain, setup, { inputs: INPUTS });
      const away = new TouchstoneError("RPC_UNREACHABLE", "away", { retryable: true });
      const first = await following(600, (from) => {
        if (from > 4_000) throw away;
      });
      expect([first.includes("ReservationActivated"), first.at(-1)]).to.deep.equal([true, "away"]);
      let lowest = Infinity;
      const second = await following(600, (from) => (lowest = Math.min(lowest, from)));
      expect(lowest).to.be.above(2_000);
      expect(second).to.include("JobRequested");
      expect(second).not.to.include("ReservationActivated");
    });
  });
});
