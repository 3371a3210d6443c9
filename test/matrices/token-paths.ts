import { traceOf } from "../support/alphabet.js";
import { INPUTS, rightOutputs } from "../support/challenges.js";
import { listHash, requestArgs, requestJob, submitJob } from "../support/jobs.js";
import { drawJob, drawnAuditors, passSeed } from "../support/lottery.js";
import { OFFER, PARAMS, TOKEN } from "../support/protocol.js";
import { reserve, signedOffer, signedVoucher } from "../support/receipts.js";
import { type Habit, HABITS } from "./habits.js";
import { funded, jailed, retired, rewarded } from "./rows/staking.js";
import { audited, type ContractName, terms, UNNAMED, waitUntil, windowOf, type World } from "./world.js";

/** Whether a call goes through with a token of each habit. */
type Goes = Readonly<Record<Habit, boolean>>;

const goes = (...refused: readonly Habit[]): Goes =>
  Object.fromEntries(HABITS.map((habit) => [habit, !refused.includes(habit)])) as Goes;

/** What comes in is counted: nothing but the whole amount will do. */
export const IN = goes("TakesFee", "SaysNo", "SaysNoAndMoves", "Pretends", "Frozen");
/** What goes out has left the books; what the token does with it is between it and the receiver. */
export const OUT = goes("SaysNo", "SaysNoAndMoves", "Frozen");
const BURN = goes("SaysNo", "Pretends", "Frozen");
/** The pool comes from the job escrow first, and is looked for here. */
const PAY = goes("SaysNo", "SaysNoAndMoves", "Pretends", "Frozen");
/** A job ends whatever its token does. */
const ALWAYS = goes();

/** A call that moves tokens. */
interface Path {
  readonly contract: ContractName;
  readonly name: string;
  readonly token: "stake" | "fees";
  readonly expected: Goes;
  readonly prepare: (world: World) => Promise<{ readonly by: World["delegator"]; readonly args: readonly unknown[] }>;
}

/** A delegator's part of it is large enough for a fee on it. */
const FEE = 1_000_000n;

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

export const PATHS: readonly Path[] = [
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
      await waitUntil(world, await jailed(world));
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
      await retired(world);
      const { stranger } = world.addresses;
      return { by: world.chain.stranger, args: [stranger, 0, stranger] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "withdrawReward",
    token: "stake",
    expected: OUT,
    prepare: async (world) => {
      await rewarded(world);
      return { by: world.chain.challenger, args: [world.addresses.challenger] };
    },
  },
  {
    contract: "OperatorStaking",
    name: "burnSlashed",
    token: "stake",
    expected: BURN,
    prepare: async (world) => {
      await rewarded(world);
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
