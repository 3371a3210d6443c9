import { ZeroAddress } from "ethers";

import { claimOf, INPUTS, lie, rightOutputs } from "../../support/challenges.js";
import { SEED_DELAY } from "../../support/draws.js";
import { floatBytes, listHash, openElement, requestArgs, requestJob, submitJob } from "../../support/jobs.js";
import { OFFER } from "../../support/protocol.js";
import { rowsOf } from "../entry-point.js";
import { deadlineOf, disputed, signPermit, terms, UNNAMED, waitUntil, windowOf, type World } from "../world.js";

const row = rowsOf("JobEscrow");

/** Code of accounts: an invalid instruction, and nothing. */
const [REFUSES, TAKES] = ["0xfe", "0x00"];

const asked = (world: World, change = {}) => requestJob(world.chain, world, { inputs: INPUTS, ...change });
const outputsOf = (world: World) => rightOutputs(world, listHash(INPUTS, ["f32"]));

/** Answers a job; resolves with the end of its challenge window. */
async function answered(world: World, change = {}) {
  const jobId = await asked(world, change);
  await submitJob(world.jobs.connect(world.chain.worker), jobId, outputsOf(world));
  return { jobId, window: await windowOf(world, jobId) };
}

/** Final, with a callback that refused its answer and would take it now. */
async function undelivered(world: World) {
  const { networkHelpers, ethers } = world.chain;
  const callback = (await ethers.getSigners())[16]!.address;
  await networkHelpers.setCode(callback, REFUSES);
  const { jobId, window } = await answered(world, { callback, callbackGas: 100_000, value: 10n ** 18n });
  await waitUntil(world, window + 1n);
  await world.jobs.connect(world.chain.stranger).finalise(await terms(world, jobId), outputsOf(world));
  await networkHelpers.setCode(callback, TAKES);
  return jobId;
}

const CREDIT = 7n;
/** The consumer has a credit in the native coin: what it sent too much. */
async function credited(world: World) {
  await asked(world, { value: OFFER.price + CREDIT });
  return world.addresses.consumer;
}

/** A challenge of the job stands: the manager has told the escrow so. */
const standing = async (world: World) => (await disputed(world)).claim.id;

export const JOBS = [
  row("request", {
    who: "anybody, who pays",
    may: "anybody",
    pause: "works",
    guards: ["JobEscrow"],
    scene: (world) => ({
      args: requestArgs(world.chain, world, { inputs: INPUTS }),
      value: OFFER.price,
      by: world.addresses.consumer,
    }),
  }),
  row("requestWithPermit", {
    who: "anybody, who pays by a permit",
    may: ["consumer"],
    refusal: "PermitRefused",
    pause: "works",
    guards: ["JobEscrow"],
    scene: async (world) => {
      const { chain, token, hub, jobs, offers, modelId, governor } = world;
      const maxFee = 100n;
      const currency = await token.getAddress();
      await hub.connect(governor).addCurrency(currency);
      await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency, price: maxFee });
      await token.connect(chain.deployer).transfer(chain.consumer, maxFee);
      const permit = await signPermit(world, chain.consumer, await jobs.getAddress(), maxFee);
      return { args: [...requestArgs(chain, world, { inputs: INPUTS, currency, maxFee }), permit] };
    },
  }),
  row("submit", {
    who: "the operator's worker",
    may: ["worker"],
    refusal: "NotOperator",
    pause: "works",
    deadline: "until the job's deadline",
    scene: async (world) => {
      const jobId = await asked(world);
      return {
        args: [await terms(world, jobId), outputsOf(world)],
        edge: { at: await deadlineOf(world, jobId), kind: "until", error: "DeadlinePassed" },
      };
    },
  }),
  row("decline", {
    who: "the operator or its worker",
    may: ["operator", "worker"],
    refusal: "NotOperator",
    pause: "works",
    scene: async (world) => {
      const inputs = [floatBytes([0, 1.5, 0.5, 1])];
      const jobId = await asked(world, { inputs });
      return { args: [await terms(world, jobId), openElement(inputs, ["f32"], 0, 1)] };
    },
  }),
  row("expire", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "after the job's deadline",
    scene: async (world) => {
      const jobId = await asked(world);
      return {
        args: [await terms(world, jobId)],
        edge: { at: await deadlineOf(world, jobId), kind: "after", error: "DeadlineNotPassed" },
      };
    },
  }),
  row("draw", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    scene: async (world) => {
      const jobId = await asked(world, UNNAMED);
      await world.chain.networkHelpers.mine(SEED_DELAY + 1);
      return { args: [await terms(world, jobId)] };
    },
  }),
  row("cancel", {
    who: "the consumer",
    may: ["consumer"],
    refusal: "NotConsumer",
    pause: "works",
    scene: async (world) => ({ args: [await terms(world, await asked(world, UNNAMED))] }),
  }),
  row("redraw", {
    who: "the consumer",
    may: ["consumer"],
    refusal: "NotConsumer",
    pause: "works",
    deadline: "after the job's deadline",
    scene: async (world) => {
      const jobId = await asked(world);
      return {
        args: [await terms(world, jobId)],
        edge: { at: await deadlineOf(world, jobId), kind: "after", error: "DeadlineNotPassed" },
      };
    },
  }),
  row("finalise", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    guards: ["DelegatorFees"],
    deadline: "after the challenge window",
    scene: async (world) => {
      const { jobId, window } = await answered(world);
      return { args: [await terms(world, jobId), []], edge: { at: window, kind: "after", error: "WindowOpen" } };
    },
  }),
  row("deliver", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    scene: async (world) => ({ args: [await terms(world, await undelivered(world)), outputsOf(world)] }),
  }),
  row("present", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    scene: async (world) => ({ args: [await terms(world, await asked(world))] }),
  }),
  row("challengeOpened", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    deadline: "until the end of the challenge window",
    scene: async (world) => {
      const claim = await claimOf(world.chain, world);
      const at = await windowOf(world, claim.id);
      return { args: [claim.id], edge: { at, kind: "until", error: "ChallengeWindowClosed" } };
    },
  }),
  row("challengeClosed", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => ({ args: [await standing(world)] }),
  }),
  row("settleWrong", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => ({ args: [(await claimOf(world.chain, world, lie)).id, [world.addresses.challenger]] }),
  }),
  row("settleVoid", {
    who: "the challenge manager",
    may: ["ChallengeManager"],
    refusal: "NotChallengeManager",
    pause: "works",
    scene: async (world) => ({ args: [await standing(world)] }),
  }),
  row("withdraw", {
    who: "anybody, to the account that is owed",
    may: "anybody",
    pause: "stands",
    guards: ["JobEscrow"],
    scene: async (world) => ({ args: [ZeroAddress, await credited(world)] }),
  }),
  row("withdrawTo", {
    who: "the account that is owed",
    may: ["consumer"],
    refusal: "NothingToWithdraw",
    pause: "stands",
    guards: ["JobEscrow"],
    scene: async (world) => {
      await credited(world);
      return { args: [ZeroAddress, world.addresses.stranger] };
    },
  }),
  row("collectAuditPool", {
    who: "a locker that is no claim source: the audit lottery",
    may: ["AuditLottery"],
    refusal: "NotAuditPool",
    pause: "stands",
    guards: ["JobEscrow"],
    scene: async (world) => {
      const { jobId, window } = await answered(world);
      await waitUntil(world, window + 1n);
      await world.jobs.finalise(await terms(world, jobId), []);
      return { args: [ZeroAddress] };
    },
  }),
];
