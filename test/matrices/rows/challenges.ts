import { id } from "ethers";

import { evidenceOf } from "../../support/alphabet.js";
import { BOND, claimOf, lie, openChallenge, openingOf, PAYMENT, play } from "../../support/challenges.js";
import { deeperDemand, firstDemand, type Place, supplyFor } from "../../support/demands.js";
import { floatBytes, openElement } from "../../support/jobs.js";
import { HOUR, PARAMS } from "../../support/protocol.js";
import { rowsOf } from "../entry-point.js";
import { disputed, waitUntil, windowOf, type World } from "../world.js";

const row = rowsOf("ChallengeManager");

/** Node 1 has 274 leaves in a tree of depth 9, node 2 four. */
const ROOT: Place = { node: 1, height: 9, index: 0 };
const PAIR: Place = { node: 1, height: 1, index: 5 };
const LEAF: Place = { node: 1, height: 0, index: 11 };
const NODE_OF_FALSEHOOD = 3;

/** Seconds in which a commitment can be opened. */
const COMMIT_LIFE = HOUR + PARAMS.inclusionDelay;

const now = ({ chain }: World) => chain.networkHelpers.time.latest();

/** A dispute in which the hashes of a tree have been demanded. */
async function demanded(world: World) {
  const dispute = await disputed(world);
  await dispute.game.demand(ROOT);
  return { ...dispute, at: (await dispute.game.demandAt(ROOT)).supplyDeadline };
}

/** And supplied. */
async function supplied(world: World) {
  const dispute = await demanded(world);
  await dispute.game.supply(ROOT);
  return { ...dispute, at: (await dispute.game.demandAt(ROOT)).graceDeadline };
}

/** A true challenge that nobody refutes. */
async function trueChallenge(world: World) {
  const claim = await claimOf(world.chain, world, lie);
  const challengeId = await openChallenge(world.chain, world, claim, { trace: claim.truth });
  return { claim, challengeId, game: play(world.chain, world, challengeId, claim.truth) };
}

async function upheld(world: World) {
  const { claim, challengeId, game } = await trueChallenge(world);
  await waitUntil(world, (await game.state()).lastDeadline + 1n);
  await game.resolve();
  return { claim, challengeId, at: (await game.state()).executableAt };
}

/** A challenge to open, whose commitment is alive. */
async function committed(world: World) {
  const claim = await claimOf(world.chain, world, lie);
  const { challengeId, args } = await openingOf(world.chain, world, claim, { trace: claim.truth });
  return { claim, args, commit: () => world.manager.connect(world.chain.challenger).commitChallenge(challengeId) };
}

/** The stranger made a demand that a refutation has ended. */
async function refundable(world: World) {
  const dispute = await demanded(world);
  await dispute.game.refute(NODE_OF_FALSEHOOD, 0);
  return dispute;
}

export const CHALLENGES = [
  row("commitChallenge", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    scene: ({ addresses }) => ({ args: [id("commitment")], by: addresses.challenger }),
  }),
  row("openChallenge", {
    who: "the account that committed to it, with the bond",
    may: ["challenger"],
    refusal: "NotCommitted",
    pause: "stands",
    deadline:
      "until an hour and the inclusion delay after the commitment, and until the end of the claim's challenge window",
    scene: async (world) => {
      const { args, commit } = await committed(world);
      await commit();
      return {
        args,
        value: BOND,
        edge: { at: (await now(world)) + COMMIT_LIFE, kind: "until", error: "CommitExpired" },
      };
    },
    others: [
      async (world) => {
        const { claim, args, commit } = await committed(world);
        const at = await windowOf(world, claim.id);
        await waitUntil(world, at - BigInt(HOUR) / 2n);
        await commit();
        return { args, value: BOND, edge: { at, kind: "until", error: "ChallengeWindowClosed" } };
      },
    ],
  }),
  row("refute", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "until the last of the refutation, supply and grace deadlines",
    scene: async (world) => {
      const { challengeId, trace, game } = await disputed(world);
      const at = (await game.state()).refutationDeadline;
      const args = [challengeId, evidenceOf(trace, NODE_OF_FALSEHOOD, 0)];
      return { args, edge: { at, kind: "until", error: "RefutationClosed" } };
    },
    others: [
      async (world) => {
        const { challengeId, trace, game } = await disputed(world);
        await waitUntil(world, (await game.state()).refutationDeadline - 100n);
        await game.demand(ROOT);
        const at = (await game.demandAt(ROOT)).supplyDeadline;
        const args = [challengeId, evidenceOf(trace, NODE_OF_FALSEHOOD, 0)];
        return { args, edge: { at, kind: "until", error: "RefutationClosed" } };
      },
    ],
  }),
  row("demand", {
    who: "anybody, at its price",
    may: "anybody",
    pause: "stands",
    deadline: "until the refutation deadline",
    scene: async (world) => {
      const { challengeId, trace, game } = await disputed(world);
      const at = (await game.state()).refutationDeadline;
      const edge = { at, kind: "until", error: "FirstDemandsClosed" } as const;
      return { args: [challengeId, firstDemand(trace, ROOT)], value: PAYMENT, edge, by: world.addresses.consumer };
    },
  }),
  row("demandDeeper", {
    who: "anybody, at its price",
    may: "anybody",
    pause: "stands",
    deadline: "until the grace of the supply around it ends",
    scene: async (world) => {
      const { challengeId, trace, at } = await supplied(world);
      const args = [challengeId, ROOT, deeperDemand(trace, ROOT, PAIR)];
      const edge = { at, kind: "until", error: "GraceOver" } as const;
      return { args, value: PAYMENT, edge, by: world.addresses.consumer };
    },
  }),
  row("supplyHashes", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "until the supply deadline",
    scene: async (world) => {
      const { challengeId, trace, at } = await demanded(world);
      return {
        args: [challengeId, ROOT, supplyFor(trace, ROOT)],
        edge: { at, kind: "until", error: "SupplyClosed" },
      };
    },
  }),
  row("supplyLeaf", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "until the supply deadline",
    scene: async (world) => {
      const { challengeId, trace, game } = await disputed(world);
      await game.demand(LEAF);
      const at = (await game.demandAt(LEAF)).supplyDeadline;
      return {
        args: [challengeId, LEAF, supplyFor(trace, LEAF)],
        edge: { at, kind: "until", error: "SupplyClosed" },
      };
    },
  }),
  row("expire", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "after the supply deadline",
    scene: async (world) => {
      const { challengeId, at } = await demanded(world);
      return { args: [challengeId, ROOT], edge: { at, kind: "after", error: "SupplyOpen" } };
    },
  }),
  row("refundDemand", {
    who: "anybody, to the demander",
    may: "anybody",
    pause: "works",
    scene: async (world) => ({ args: [(await refundable(world)).challengeId, ROOT] }),
  }),
  row("resolve", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    deadline: "after the last deadline",
    scene: async (world) => {
      const { challengeId, game } = await trueChallenge(world);
      const at = (await game.state()).lastDeadline;
      return { args: [challengeId], edge: { at, kind: "after", error: "DeadlinesRunning" } };
    },
  }),
  row("execute", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    deadline: "from the end of the air gap; a void after the claim's challenge window",
    scene: async (world) => {
      const { challengeId, at } = await upheld(world);
      return { args: [challengeId], edge: { at, kind: "from", error: "AirGapRunning" } };
    },
  }),
  row("countSharers", {
    who: "anybody",
    may: "anybody",
    pause: "works",
    scene: async (world) => {
      const { claim } = await upheld(world);
      return { args: [claim.source, claim.id, 5n] };
    },
  }),
  row("settle", {
    who: "anybody, to the challenger",
    may: "anybody",
    pause: "works",
    scene: async (world) => {
      const claim = await claimOf(world.chain, world, lie);
      const open = (salt: string) => openChallenge(world.chain, world, claim, { trace: claim.truth, salt: id(salt) });
      const [first, second] = [await open("first"), await open("second")];
      const games = [first, second].map((each) => play(world.chain, world, each, claim.truth));
      await waitUntil(world, (await games[1]!.state()).lastDeadline + 1n);
      for (const game of games) await game.resolve();
      await waitUntil(world, (await games[1]!.state()).executableAt);
      await games[0]!.execute();
      return { args: [second] };
    },
  }),
  row("voidOutsideDomain", {
    who: "anybody",
    may: "anybody",
    pause: "stands",
    deadline: "until the end of the claim's challenge window, or while a challenge of it is open",
    scene: async (world) => {
      const inputs = [floatBytes([0, 1.5, 0.5, 1])];
      const claim = await claimOf(world.chain, world, undefined, inputs);
      return {
        args: [claim.source, claim.id, openElement(inputs, ["f32"], 0, 1)],
        edge: { at: await windowOf(world, claim.id), kind: "until", error: "ClaimClosed" },
      };
    },
  }),
  row("emergencyVoid", {
    who: "the emergency role, after its delay",
    may: ["governor"],
    refusal: "AccessManagedUnauthorized",
    pause: "only",
    scene: async (world) => ({ args: [[(await disputed(world)).challengeId]] }),
  }),
  row("withdraw", {
    who: "anybody, to the account that is owed",
    may: "anybody",
    pause: "stands",
    scene: async (world) => {
      await (await disputed(world)).game.demand(ROOT);
      return { args: [world.addresses.stranger], by: world.addresses.stranger };
    },
  }),
  row("withdrawTo", {
    who: "the account that is owed",
    may: ["stranger"],
    refusal: "NothingToWithdraw",
    pause: "stands",
    scene: async (world) => {
      await (await disputed(world)).game.demand(ROOT);
      return { args: [world.addresses.consumer] };
    },
  }),
];
