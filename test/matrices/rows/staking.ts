import { ZeroAddress } from "ethers";

import { INPUTS } from "../../support/challenges.js";
import { PARAMETERS } from "../../support/hub.js";
import { requestJob } from "../../support/jobs.js";
import { lockId } from "../../support/staking.js";
import { TOKEN } from "../../support/protocol.js";
import { rowsOf } from "../entry-point.js";
import { sendAs, signPermit, type World } from "../world.js";

const row = rowsOf("OperatorStaking");
const profiles = rowsOf("OperatorProfiles");
const fees = rowsOf("DelegatorFees");

const LOCKERS = ["JobEscrow", "ReceiptEscrow", "AuditLottery"] as const;
const AMOUNT = 50n * TOKEN;
const A = lockId("a");

/** An account, by itself the operator's, has tokens that staking may take. */
export async function funded({ chain, token, staking }: World, amount: bigint, account = chain.owner) {
  await token.connect(chain.deployer).transfer(account, amount);
  await token.connect(account).approve(staking, amount);
}

/** A job's lock, and the job's id: the lock's. */
const locked = (world: World) => requestJob(world.chain, world, { inputs: INPUTS });

/** As a locker would: for states that take whole disputes otherwise. */
async function asLocker(world: World, name: string, args: readonly unknown[]) {
  const { staking, addresses } = world;
  const data = staking.interface.encodeFunctionData(name as "lock", args as never);
  await sendAs(world, addresses.JobEscrow, await staking.getAddress(), data);
}

/** The delegator takes out what it has with the stranger, an operator that backs nothing. */
async function exiting(world: World) {
  const { chain, staking, delegator } = world;
  const { stranger } = chain;
  for (const holder of [stranger, delegator]) {
    await funded(world, TOKEN, holder);
    await staking.connect(holder).deposit(stranger, TOKEN);
  }
  await staking.connect(delegator).requestFullExit(stranger);
  return (await staking.exit(stranger, delegator, 0)).readyAt;
}

export async function jailed(world: World) {
  const { addresses, staking } = world;
  for (let i = 0; i < PARAMETERS.staking.strikesToJail; i++) await asLocker(world, "strike", [addresses.operator]);
  await funded(world, PARAMETERS.staking.releaseFee);
  return (await staking.conductOf(addresses.operator)).releasableAt;
}

/** An operator whose whole stake was slashed, and who staked again: the stranger. */
export async function retired(world: World) {
  const { chain, token, staking, addresses } = world;
  const { stranger } = chain;
  await token.connect(chain.deployer).transfer(stranger, 2n * TOKEN);
  await token.connect(stranger).approve(staking, 2n * TOKEN);
  await staking.connect(stranger).deposit(stranger, TOKEN);
  await asLocker(world, "lock", [addresses.stranger, A, TOKEN - 1_000n]);
  await asLocker(world, "slash", [addresses.stranger, A, []]);
  await staking.connect(stranger).deposit(stranger, TOKEN);
}

export async function rewarded(world: World) {
  const { addresses } = world;
  await asLocker(world, "lock", [addresses.operator, A, AMOUNT]);
  await asLocker(world, "slash", [addresses.operator, A, [{ to: addresses.challenger, amount: TOKEN }]]);
}

export const STAKING = [
  row("deposit", {
    who: "anybody, with own tokens",
    may: ["delegator"],
    refusal: "ERC20InsufficientAllowance",
    pause: "works",
    guards: ["OperatorStaking"],
    scene: async (world) => {
      await funded(world, TOKEN, world.delegator);
      return { args: [world.addresses.operator, TOKEN] };
    },
  }),
  row("depositWithPermit", {
    who: "anybody, with own tokens",
    may: ["delegator"],
    refusal: "PermitRefused",
    pause: "works",
    guards: ["OperatorStaking"],
    scene: async (world) => {
      const { chain, token, staking, addresses, delegator } = world;
      await token.connect(chain.deployer).transfer(delegator, TOKEN);
      const { deadline, v, r, s } = await signPermit(world, delegator, await staking.getAddress(), TOKEN);
      return { args: [addresses.operator, TOKEN, deadline, v, r, s] };
    },
  }),
  row("requestExit", {
    who: "anybody, for own stake",
    may: ["delegator", "operator"],
    refusal: "InsufficientStake",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator, TOKEN] }),
  }),
  row("requestFullExit", {
    who: "anybody, for own stake",
    may: ["delegator", "operator"],
    refusal: "ZeroAmount",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator] }),
  }),
  row("cancelExit", {
    who: "who asked for the exit",
    may: ["delegator"],
    refusal: "UnknownExit",
    pause: "works",
    scene: async (world) => {
      await exiting(world);
      return { args: [world.addresses.stranger, 0] };
    },
  }),
  row("withdrawExit", {
    who: "who asked for the exit",
    may: ["delegator"],
    refusal: "UnknownExit",
    pause: "stands",
    guards: ["OperatorStaking"],
    deadline: "from the end of unbonding",
    scene: async (world) => {
      const at = await exiting(world);
      const { stranger, challenger } = world.addresses;
      return { args: [stranger, 0, challenger], edge: { at, kind: "from", error: "ExitNotReady" } };
    },
  }),
  row("redeemRetired", {
    who: "holders of a pool that retired",
    may: ["stranger"],
    refusal: "NotRetired",
    pause: "stands",
    guards: ["OperatorStaking"],
    scene: async (world) => {
      await retired(world);
      return { args: [world.addresses.stranger, 0, world.addresses.stranger] };
    },
  }),
  row("setDrawStake", {
    who: "any operator, for itself",
    may: ["operator", "auditor"],
    refusal: "InsufficientStake",
    pause: "works",
    scene: () => ({ args: [2n * TOKEN] }),
  }),
  row("lock", {
    who: "lockers: job escrow, receipt escrow, audit lottery",
    may: LOCKERS,
    refusal: "NotLocker",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator, A, AMOUNT] }),
  }),
  row("lockDrawn", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotLocker",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator, A, AMOUNT] }),
  }),
  row("unlock", {
    who: "the locker whose lock it is",
    may: ["JobEscrow"],
    refusal: "UnknownLock",
    pause: "works",
    scene: async (world) => ({ args: [world.addresses.operator, await locked(world)] }),
  }),
  row("slash", {
    who: "the locker whose lock it is",
    may: ["JobEscrow"],
    refusal: "UnknownLock",
    pause: "works",
    scene: async (world) => ({ args: [world.addresses.operator, await locked(world), []] }),
  }),
  row("penalise", {
    who: "the locker whose lock it is",
    may: ["JobEscrow"],
    refusal: "UnknownLock",
    pause: "works",
    scene: async (world) => ({ args: [world.addresses.operator, await locked(world), 1n] }),
  }),
  row("strike", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotLocker",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator] }),
  }),
  row("release", {
    who: "a jailed operator, for a fee",
    may: ["operator"],
    refusal: "NotJailed",
    pause: "works",
    guards: ["OperatorStaking"],
    deadline: "from the end of the jail time",
    scene: async (world) => ({ args: [], edge: { at: await jailed(world), kind: "from", error: "StillInJail" } }),
  }),
  row("withdrawReward", {
    who: "who was rewarded",
    may: ["challenger"],
    refusal: "NothingToWithdraw",
    pause: "stands",
    guards: ["OperatorStaking"],
    scene: async (world) => {
      await rewarded(world);
      return { args: [world.addresses.stranger] };
    },
  }),
  row("burnSlashed", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    guards: ["OperatorStaking"],
    scene: async (world) => {
      await rewarded(world);
      return { args: [] };
    },
  }),
  row("multicall", {
    who: "anybody; each call is judged as if it came alone",
    may: "anybody",
    pause: "works",
    scene: () => ({ args: [[]] }),
  }),

  profiles("proposeWorker", {
    who: "any operator, for itself",
    may: "anybody",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.stranger], by: addresses.operator }),
  }),
  profiles("acceptWorker", {
    who: "the proposed key",
    may: ["stranger"],
    refusal: "WorkerNotProposed",
    pause: "works",
    scene: async ({ chain, profiles: book, addresses }) => {
      await book.connect(chain.owner).proposeWorker(addresses.stranger);
      return { args: [addresses.operator] };
    },
  }),
  profiles("dropWorker", {
    who: "any operator, for itself",
    may: ["operator"],
    refusal: "NoWorker",
    pause: "works",
    scene: () => ({ args: [] }),
  }),
  profiles("setPayout", {
    who: "any operator, for itself",
    may: "anybody",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.stranger], by: addresses.operator }),
  }),
  profiles("setCommission", {
    who: "any operator, for itself",
    may: "anybody",
    pause: "works",
    scene: ({ addresses }) => ({ args: [500], by: addresses.operator }),
  }),

  fees("credit", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotLocker",
    pause: "works",
    guards: ["DelegatorFees"],
    scene: ({ addresses }) => ({ args: [addresses.operator, ZeroAddress, 5n], value: 5n }),
  }),
  fees("collect", {
    who: "a delegator, for itself",
    may: ["delegator"],
    refusal: "NothingToCollect",
    pause: "stands",
    guards: ["DelegatorFees"],
    scene: async (world) => {
      const { fees: book, addresses } = world;
      const data = book.interface.encodeFunctionData("credit", [addresses.operator, ZeroAddress, 1_000n]);
      await sendAs(world, addresses.JobEscrow, await book.getAddress(), data, 1_000n);
      return { args: [addresses.operator, 0, ZeroAddress, addresses.stranger] };
    },
  }),
  fees("setShares", {
    who: "the staking contract",
    may: ["OperatorStaking"],
    refusal: "NotStaking",
    pause: "works",
    scene: ({ addresses }) => ({ args: [addresses.operator, 0, addresses.delegator, 7n] }),
  }),
];
