import { expect } from "chai";

import { INPUTS, rightOutputs } from "../support/challenges.js";
import { PARAMETERS } from "../support/hub.js";
import { listHash, requestArgs, requestJob, submitJob } from "../support/jobs.js";
import { drawnAuditors, drawJob, passSeed } from "../support/lottery.js";
import { traceOf } from "../support/alphabet.js";
import { connect, type Connection, OFFER, PARAMS, TOKEN } from "../support/protocol.js";
import { reserve, signedOffer, signedVoucher } from "../support/receipts.js";
import { lockId } from "../support/staking.js";
import { compileHabits, type Habit, HABITS } from "./habits.js";
import {
  audited,
  type ContractName,
  deployWorld,
  sendAs,
  terms,
  UNNAMED,
  waitUntil,
  windowOf,
  type World,
} from "./world.js";

/** Whether a call goes through with a token of each habit. */
type Goes = Readonly<Record<Habit, boolean>>;

const goes = (...refused: readonly Habit[]): Goes =>
  Object.fromEntries(HABITS.map((habit) => [habit, !refused.includes(habit)])) as Goes;

/** What comes in is counted: nothing but the whole amount will do. */
const IN = goes("TakesFee", "SaysNo", "SaysNoAndMoves", "Pretends", "Frozen");
/** What goes out has left the books; what the token does with it is between it and the receiver. */
const OUT = goes("SaysNo", "SaysNoAndMoves", "Frozen");
const BURN = goes("SaysNo", "Pretends", "Frozen");
/** The pool comes from the job escrow first, and is looked for here. */
const PAY = goes("SaysNo", "SaysNoAndMoves", "Pretends", "Frozen");
/** A job ends whatever its token does. */
const ALWAYS = goes();

interface Call {
  readonly by: World["delegator"];
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A call that moves tokens. */
interface Path {
  readonly contract: ContractName;
  readonly name: string;
  readonly token: "stake" | "fees";
  readonly expected: Goes;
  readonly prepare: (world: World) => Promise<Omit<Call, "name">>;
}

const FEE = 10_000n;
const A = lockId("a");

const inCoin = async ({ coin }: World) => ({ currency: await coin.getAddress(), maxFee: FEE, value: 0n });

/** The operator asks for its fee in the token. */
async function offered(world: World) {
  const { chain, offers, modelId, coin } = world;
  await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency: await coin.getAddress(), price: FEE });
}

/** A job that is paid in the token and can be made final. */
async function finalisable(world: World): Promise<string> {
  await offered(world);
  const jobId = await requestJob(world.chain, world, { inputs: INPUTS, ...(await inCoin(world)) });
  const outputs = rightOutputs(world, listHash(INPUTS, ["f32"]));
  await submitJob(world.jobs.connect(world.chain.worker), jobId, outputs);
  await waitUntil(world, (await windowOf(world, jobId)) + 1n);
  return jobId;
}

/** The consumer's fee came back to it. */
async function credited(world: World) {
  const jobId = await requestJob(world.chain, world, { inputs: INPUTS, ...UNNAMED, ...(await inCoin(world)) });
  await world.jobs.connect(world.chain.consumer).cancel(await terms(world, jobId));
}

const reserved = async (world: World) =>
  reserve(world.chain, world, { currency: await world.coin.getAddress(), minDeposit: 1n });

async function voucherOf(world: World) {
  const reservation = await reserved(world);
  return signedVoucher(world.chain, world, { reservation, cumulative: FEE });
}

async function funded({ chain, token, staking }: World, amount: bigint) {
  await token.connect(chain.deployer).transfer(chain.owner, amount);
  await token.connect(chain.owner).approve(staking, amount);
}

async function asLocker(world: World, name: string, args: readonly unknown[]) {
  const { staking, addresses } = world;
  const data = staking.interface.encodeFunctionData(name as "lock", args as never);
  await sendAs(world, addresses.JobEscrow, await staking.getAddress(), data);
}

async function slashed(world: World) {
  const { operator, challenger } = world.addresses;
  await asLocker(world, "lock", [operator, A, 50n * TOKEN]);
  await asLocker(world, "slash", [operator, A, [{ to: challenger, amount: TOKEN }]]);
}

const PATHS: readonly Path[] = [
  {
    contract: "OperatorStaking",
    name: "deposit",
    token: "stake",
    expected: IN,
    prepare: async (world) => {
      await funded(world, FEE);
      return { by: world.chain.owner, args: [world.addresses.operator, FEE] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "release",
    token: "stake",
    expected: IN,
    prepare: async (world) => {
      const { operator } = world.addresses;
      await funded(world, PARAMETERS.staking.releaseFee);
      for (let i = 0; i < PARAMETERS.staking.strikesToJail; i++) await asLocker(world, "strike", [operator]);
      await waitUntil(world, (await world.staking.conductOf(operator)).releasableAt);
      return { by: world.chain.owner, args: [] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "withdrawExit",
    token: "stake",
    expected: OUT,
    prepare: async (world) => {
      const { chain, staking, addresses } = world;
      await staking.connect(chain.owner).requestExit(chain.owner, TOKEN);
      await chain.networkHelpers.time.increase(PARAMS.unbonding);
      return { by: chain.owner, args: [addresses.operator, 0, addresses.operator] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "redeemRetired",
    token: "stake",
    expected: OUT,
    prepare: async (world) => {
      const { chain, token, staking, addresses } = world;
      const { stranger } = chain;
      await token.connect(chain.deployer).transfer(stranger, 2n * TOKEN);
      await token.connect(stranger).approve(staking, 2n * TOKEN);
      await staking.connect(stranger).deposit(stranger, TOKEN);
      await asLocker(world, "lock", [addresses.stranger, A, TOKEN - 1_000n]);
      await asLocker(world, "slash", [addresses.stranger, A, []]);
      await staking.connect(stranger).deposit(stranger, TOKEN);
      return { by: stranger, args: [addresses.stranger, 0, addresses.stranger] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "withdrawReward",
    token: "stake",
    expected: OUT,
    prepare: async (world) => {
      await slashed(world);
      return { by: world.chain.challenger, args: [world.addresses.challenger] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "burnSlashed",
    token: "stake",
    expected: BURN,
    prepare: async (world) => {
      await slashed(world);
      return { by: world.chain.stranger, args: [] };
    },
  },
  {
    contract: "JobEscrow",
    name: "request",
    token: "fees",
    expected: IN,
    prepare: async (world) => {
      await offered(world);
      const { currency, maxFee } = await inCoin(world);
      return { by: world.chain.consumer, args: requestArgs(world.chain, world, { inputs: INPUTS, currency, maxFee }) };
    },
  },
  {
    contract: "JobEscrow",
    name: "finalise",
    token: "fees",
    expected: ALWAYS,
    prepare: async (world) => ({
      by: world.chain.stranger,
      args: [await terms(world, await finalisable(world)), []],
    }),
  },
  {
    contract: "JobEscrow",
    name: "withdraw",
    token: "fees",
    expected: OUT,
    prepare: async (world) => {
      await credited(world);
      return { by: world.chain.stranger, args: [await world.coin.getAddress(), world.addresses.consumer] };
    },
  },
  {
    contract: "JobEscrow",
    name: "withdrawTo",
    token: "fees",
    expected: OUT,
    prepare: async (world) => {
      await credited(world);
      return { by: world.chain.consumer, args: [await world.coin.getAddress(), world.addresses.stranger] };
    },
  },
  {
    contract: "ReceiptEscrow",
    name: "activate",
    token: "fees",
    expected: IN,
    prepare: async (world) => {
      const currency = await world.coin.getAddress();
      const { offer, signature } = await signedOffer(world.chain, world, { currency, minDeposit: 1n });
      return { by: world.chain.consumer, args: [offer, signature, FEE] };
    },
  },
  {
    contract: "ReceiptEscrow",
    name: "deposit",
    token: "fees",
    expected: IN,
    prepare: async (world) => ({ by: world.chain.consumer, args: [await reserved(world), FEE] }),
  },
  {
    contract: "ReceiptEscrow",
    name: "withdrawThawed",
    token: "fees",
    expected: OUT,
    prepare: async (world) => {
      const reservation = await reserved(world);
      await world.receipts.connect(world.chain.consumer).thaw(reservation, FEE);
      await waitUntil(world, (await world.receipts.reservationOf(reservation)).thawedAt);
      return { by: world.chain.consumer, args: [reservation, world.addresses.consumer] };
    },
  },
  {
    contract: "ReceiptEscrow",
    name: "collect",
    token: "fees",
    expected: IN,
    prepare: async (world) => ({ by: world.chain.stranger, args: [[await voucherOf(world)]] }),
  },
  {
    contract: "ReceiptEscrow",
    name: "withdraw",
    token: "fees",
    expected: OUT,
    prepare: async (world) => {
      await world.receipts.collect([await voucherOf(world)]);
      return { by: world.chain.stranger, args: [await world.coin.getAddress(), world.addresses.operator] };
    },
  },
  {
    contract: "DelegatorFees",
    name: "collect",
    token: "fees",
    expected: OUT,
    prepare: async (world) => {
      await world.receipts.collect([await voucherOf(world)]);
      const { operator, delegator } = world.addresses;
      return { by: world.delegator, args: [operator, 0, await world.coin.getAddress(), delegator] };
    },
  },
  {
    contract: "AuditLottery",
    name: "collect",
    token: "fees",
    expected: PAY,
    prepare: async (world) => {
      const { chain, jobs } = world;
      await offered(world);
      const jobId = await requestJob(chain, world, { inputs: INPUTS, ...(await inCoin(world)) });
      const inputsRoot = listHash(INPUTS, ["f32"]);
      await submitJob(jobs.connect(chain.worker), jobId, rightOutputs(world, inputsRoot));
      await passSeed(chain);
      await drawJob(world, jobId);
      const auditor = (await drawnAuditors(world, jobId))[0]!;
      await audited(world, { id: jobId, truth: traceOf(world.model, inputsRoot) }, auditor);
      return { by: chain.stranger, args: [auditor.address, await world.coin.getAddress()] };
    },
  },
];

/**
 * Every path of tokens, with a token that was ordinary until then and has become another. A call goes through or is refused as it is
 * written above. A refused one changes nothing that is owed: as soon as the token behaves, it goes through. One that goes through moves what it
 * moves with an ordinary token. A blocklist is, for the call that it stops, a token that is frozen; decimals are nowhere read.
 */
describe("tokens with habits, on every path", () => {
  let chain: Connection;
  let world: World;
  let codes: Readonly<Record<Habit, string>>;

  before(async () => {
    chain = await connect();
    codes = compileHabits();
  });

  beforeEach(async () => {
    world = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWorld(chain);
  }

  for (const { contract, name, token: which, expected, prepare } of PATHS) {
    it(`${contract}.${name}`, async () => {
      const { by, args } = await prepare(world);
      const holder = world.contracts[contract];
      const token = which === "stake" ? world.token : world.coin;
      const become = async (habit: Habit) => chain.networkHelpers.setCode(await token.getAddress(), codes[habit]);
      const balance = () => token.balanceOf(holder);
      const data = holder.interface.encodeFunctionData(name, args);
      const send = async () => {
        const sent = await by.sendTransaction({ to: await holder.getAddress(), data, gasLimit: 10_000_000n });
        return (await sent.wait())!;
      };
      const went = () =>
        send().then(
          () => true,
          () => false,
        );
      let usual = 0n;
      for (const habit of HABITS) {
        const snapshot = await chain.networkHelpers.takeSnapshot();
        const before = await balance();
        await become(habit);
        expect(await went(), habit).to.equal(expected[habit]);
        const moved = (await balance()) - before;
        if (habit === "Fair") usual = moved;
        else if (!expected[habit]) {
          expect(moved, `${habit}: refused`).to.equal(0n);
          await become("Fair");
          expect(await went(), `${habit}, and then fair`).to.equal(true);
          expect((await balance()) - before, `${habit}, and then fair`).to.equal(usual);
        } else if (expected === IN || (expected === OUT && habit !== "Pretends")) {
          expect(moved, habit).to.equal(usual);
        }
        await snapshot.restore();
      }
    });
  }
});
