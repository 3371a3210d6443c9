import { id, ZeroAddress } from "ethers";

import { claimOf, INPUTS } from "../../support/challenges.js";
import { DRAW_TERMS, SEED_DELAY } from "../../support/draws.js";
import { requestJob } from "../../support/jobs.js";
import { drawnAudit, passSeed } from "../../support/lottery.js";
import { OFFER, TOKEN } from "../../support/protocol.js";
import { delegate } from "../../support/staking.js";
import { rowsOf } from "../entry-point.js";
import { audited, DURATION, PRICE, terms, UNNAMED, windowOf, type World } from "../world.js";

const row = rowsOf("AuditLottery");
const book = rowsOf("OfferBook");

const LOCKERS = ["JobEscrow", "ReceiptEscrow", "AuditLottery"] as const;

const OTHER_LOCKERS = { ReceiptEscrow: "UnknownDraw", AuditLottery: "UnknownDraw" } as const;

/** An audit, and an auditor with a seat in it that is no party of the matrix and is paid itself. */
async function seated(world: World) {
  const drawn = await drawnAudit(world.chain, world);
  for (const auditor of drawn.auditors) {
    const payout = await world.profiles.payoutOf(auditor);
    if (auditor.address !== world.addresses.auditor && payout === auditor.address) return { ...drawn, auditor };
  }
  throw new Error("of three auditors one is neither the party nor the one that an outlet pays");
}

const needs = ({ modelId }: World) => ({
  modelId,
  currency: ZeroAddress,
  fee: PRICE,
  lock: 100n * TOKEN,
  duration: DURATION,
});

/** A job asked for, with nobody named; its draw is the job escrow's. */
const placed = (world: World) => requestJob(world.chain, world, { inputs: INPUTS, ...UNNAMED });

export const LOTTERY = [
  row("join", {
    who: "anybody with stake set aside for draws",
    may: ["operator", "auditor"],
    refusal: "NoDrawStake",
    pause: "works",
    scene: ({ modelId }) => ({ args: [modelId] }),
  }),
  row("quit", {
    who: "a listed auditor, for itself",
    may: ["auditor"],
    refusal: "NotListed",
    pause: "works",
    scene: ({ modelId }) => ({ args: [modelId] }),
  }),
  row("refresh", {
    who: "anybody, for a listed auditor",
    may: "anybody",
    pause: "works",
    scene: ({ modelId, addresses }) => ({ args: [modelId, addresses.auditor] }),
  }),
  row("draw", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    deadline: "until an hour after the answer, while the chain knows the block",
    scene: async (world) => {
      const claim = await claimOf(world.chain, world);
      await passSeed(world.chain);
      const answeredAt = (await windowOf(world, claim.id)) - (await world.jobs.challengeWindow());
      return {
        args: [await terms(world, claim.id)],
        edge: { at: answeredAt + 3600n, kind: "until", error: "NotDrawn" },
      };
    },
  }),
  row("commit", {
    who: "the seated auditor or its worker",
    may: [],
    refusal: "NotAuditor",
    pause: "stands",
    deadline: "until the commit deadline",
    scene: async (world) => {
      const { claim, auditor } = await seated(world);
      const at = (await world.lottery.audit(claim.id)).commitDeadline;
      return {
        args: [claim.id, auditor.address, id("report")],
        by: auditor.address,
        edge: { at, kind: "until", error: "CommitClosed" },
      };
    },
  }),
  row("settle", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    deadline: "after the report deadline, where no report was opened",
    scene: async (world) => {
      const { claim, auditor } = await seated(world);
      const at = (await world.lottery.audit(claim.id)).reportDeadline;
      return { args: [claim.id, auditor.address], edge: { at, kind: "after", error: "NotSettleable" } };
    },
  }),
  row("collect", {
    who: "anybody, to the auditor's payout",
    may: "anybody",
    pause: "stands",
    guards: ["AuditLottery", "JobEscrow", "DelegatorFees"],
    scene: async (world) => {
      const { claim, auditor } = await seated(world);
      await delegate(world.chain, world, world.delegator, 10n * TOKEN, auditor.address);
      await audited(world, claim, auditor);
      return { args: [auditor.address, ZeroAddress], by: auditor.address };
    },
  }),

  book("setOffer", {
    who: "any operator, for itself",
    may: "anybody",
    pause: "works",
    scene: ({ modelId, addresses }) => ({ args: [modelId, OFFER], by: addresses.operator }),
  }),
  book("enlist", {
    who: "any operator with stake set aside for draws",
    may: ["operator", "auditor"],
    refusal: "NoDrawStake",
    pause: "works",
    scene: async (world) => {
      // Terms that began with this epoch stay until it ends.
      await world.chain.networkHelpers.time.increase(86_400);
      return { args: [world.modelId, DRAW_TERMS] };
    },
  }),
  book("delist", {
    who: "an enlisted operator, for itself",
    may: ["operator"],
    refusal: "NotEnlisted",
    pause: "works",
    scene: ({ modelId }) => ({ args: [modelId] }),
  }),
  book("refresh", {
    who: "anybody, for an enlisted operator",
    may: "anybody",
    pause: "works",
    scene: ({ modelId, addresses }) => ({ args: [modelId, addresses.operator] }),
  }),
  book("place", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotSource",
    pause: "works",
    scene: ({ modelId }) => ({ args: [id("draw"), modelId] }),
  }),
  book("cancel", {
    who: "lockers, their own draws",
    may: ["JobEscrow"],
    refusal: "NotSource",
    refusals: OTHER_LOCKERS,
    pause: "works",
    scene: async (world) => ({ args: [await placed(world)] }),
  }),
  book("draw", {
    who: "lockers, their own draws",
    may: ["JobEscrow"],
    refusal: "NotSource",
    refusals: OTHER_LOCKERS,
    pause: "works",
    scene: async (world) => {
      const drawId = await placed(world);
      await world.chain.networkHelpers.mine(SEED_DELAY + 1);
      return { args: [drawId, needs(world)] };
    },
  }),
  book("take", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotSource",
    pause: "works",
    scene: (world) => ({ args: [world.addresses.operator, needs(world)] }),
  }),
  book("release", {
    who: "lockers",
    may: LOCKERS,
    refusal: "NotSource",
    pause: "works",
    scene: async (world) => {
      await requestJob(world.chain, world, { inputs: INPUTS });
      return { args: [world.addresses.operator, world.modelId, false] };
    },
  }),
];
