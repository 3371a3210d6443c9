import { HOUR, PARAMETERS } from "../hub.js";
import type { Attack, Point } from "./search.js";
import { HONEST, OPERATOR, puppet, PUPPET, ratio, tokens, World } from "./world.js";

const GWEI = 10n ** 9n;
/** Gas of a supply beside its payload, and for a byte of it, as the prices of demands take it (`ChallengeTerms.sol`). */
const [SUPPLY_GAS, SUPPLY_GAS_PER_BYTE] = [95_000n, 44n];

/** A claim with one open challenge against it, by an honest challenger or by the attackers. */
function challenged(by: string, times: bigint, baseFee: bigint) {
  const world = new World();
  world.try(() => world.staking.deposit(OPERATOR, OPERATOR, tokens(1_000)));
  world.answer("claim", { lock: tokens(100), fee: 0n });
  const bond = (world.disputes.bondAt(baseFee) * times) / 100n;
  world.disputes.open(
    "challenge",
    { claim: "claim", by, verdict: "wrong", bond },
    { baseFee, committedAt: world.clock.time },
  );
  return { world, bond };
}

const payloadOf = (point: Point): bigint => BigInt(point["hashes"] === 0 ? 256 : 32 * point["hashes"]!);

/** Wei that a demand costs its maker at once: price and surcharge. */
function demand(
  world: World,
  place: string,
  by: string,
  payload: bigint,
  baseFee: bigint,
  around?: string,
): bigint | undefined {
  const { disputes } = world;
  const burnt = disputes.state.burnt;
  if (!world.try(() => disputes.demand("challenge", place, by, payload, baseFee, around))) return undefined;
  const { price } = disputes.state.challenges.get("challenge")!.demands.get(place)!;
  return price + disputes.state.burnt - burnt;
}

export const BOGUS_DEMANDS: Attack = {
  ...{
    numbers: [53],
    name: "outspend an honest challenger with demands",
    unit: "what the supplies cost the challenger",
  },
  ranges: {
    ...{ demands: { from: 1, to: 60 }, hashes: { from: 0, to: 256 }, gwei: { from: 1, to: 500, log: true } },
    ...{ pause: { from: 0, to: 3_000 }, puppets: { from: 1, to: 20 } },
  },
  profit: (point) => {
    const baseFee = BigInt(point["gwei"]!) * GWEI;
    const { world } = challenged(HONEST, 100n, baseFee);
    let [spent, cost] = [0n, 0n];
    for (let i = 0; i < point["demands"]!; i++) {
      const by = puppet(i % point["puppets"]!);
      const paid = demand(world, `${i}`, by, payloadOf(point), baseFee);
      if (paid === undefined) break;
      spent += paid;
      world.try(() => world.disputes.supply("challenge", `${i}`));
      cost += (SUPPLY_GAS + SUPPLY_GAS_PER_BYTE * payloadOf(point)) * baseFee;
      world.wait(point["pause"]!);
    }
    return ratio(-spent, cost);
  },
};

export const LAST_BLOCK_FLOOD: Attack = {
  ...{ numbers: [98], name: "a flood of demands in the last block", unit: "what the supplies cost the challenger" },
  ranges: {
    ...{ demands: { from: 1, to: 60 }, hashes: { from: 0, to: 256 }, gwei: { from: 1, to: 500, log: true } },
    early: { from: 0, to: 10 },
  },
  profit: (point) => {
    const baseFee = BigInt(point["gwei"]!) * GWEI;
    const { world } = challenged(HONEST, 100n, baseFee);
    const { disputes } = world;
    world.wait(PARAMETERS.challenges.refutationWindow - point["early"]!);
    let [spent, cost] = [0n, 0n];
    for (let i = 0; i < point["demands"]!; i++) {
      // All in one block: none is answered before the next is priced.
      spent += demand(world, `${i}`, PUPPET, payloadOf(point), baseFee) ?? 0n;
      cost += (SUPPLY_GAS + SUPPLY_GAS_PER_BYTE * payloadOf(point)) * baseFee;
    }
    world.wait(PARAMETERS.challenges.supplyWindow - 20);
    for (let i = 0; i < point["demands"]!; i++) disputes.supply("challenge", `${i}`);
    // One supply window and one grace later it is over, however many there were.
    world.wait(PARAMETERS.challenges.graceWindow + 21);
    disputes.resolve("challenge");
    return ratio(-spent, cost);
  },
};

/** A false challenge with everything around it played by puppets, who take what they can before it dies. */
function falseChallenge(point: Point): number | undefined {
  const baseFee = BigInt(point["gwei"]!) * GWEI;
  const { world, bond } = challenged(PUPPET, BigInt(point["bond"]!), baseFee);
  const { disputes } = world;
  const insiders = [PUPPET, ...Array.from({ length: 4 }, (_, i) => puppet(i))];
  const [tops, leaves] = [point["tops"]!, point["leaves"]!];
  let spent = bond;
  // A demand around the wrong element and one inside it, by puppets; others anywhere.
  for (let i = 0; i < tops; i++) {
    const paid = demand(world, `top ${i}`, puppet(i % 4), payloadOf(point), baseFee);
    if (paid === undefined) return undefined;
    spent += paid;
    if (i < point["answered"]!) world.try(() => disputes.supply("challenge", `top ${i}`));
  }
  for (let i = 0; i < leaves; i++) {
    const paid = demand(world, `leaf ${i}`, puppet(i % 4), 256n, baseFee, "top 0");
    if (paid === undefined) return undefined;
    spent += paid;
    world.try(() => disputes.supply("challenge", `leaf ${i}`));
  }
  // The honest defender may be on the path too, and may be the one who refutes.
  if (point["honestDemand"] === 1) demand(world, "honest", OPERATOR, 256n, baseFee);
  if (point["honestDemand"] === 1) world.try(() => disputes.supply("challenge", "honest"));
  const refuter = point["ownPuppet"] === 1 ? puppet(0) : OPERATOR;
  const path = ["leaf 0", "top 0", ...(point["honestDemand"] === 1 ? ["honest"] : [])];
  if (point["unanswered"] === 1) {
    const paid = demand(world, "never", refuter, 256n, baseFee);
    if (paid === undefined) return undefined;
    if (refuter !== OPERATOR) spent += paid;
    world.wait(13 * HOUR);
    if (!world.try(() => disputes.expire("challenge", "never", path))) return undefined;
  } else if (!world.try(() => disputes.refute("challenge", refuter, true, path))) {
    return undefined;
  }
  for (const place of disputes.state.challenges.get("challenge")!.demands.keys())
    world.try(() => disputes.refund("challenge", place));
  const back = insiders.reduce((sum, who) => sum + world.coinsOf(who), 0n);
  return ratio(back - spent, bond);
}

const FALSE_CHALLENGE = {
  bond: { from: 100, to: 100_000, log: true },
  gwei: { from: 1, to: 500, log: true },
  tops: { from: 0, to: 30 },
  answered: { from: 0, to: 30 },
  leaves: { from: 0, to: 12 },
  hashes: { from: 0, to: 256 },
  honestDemand: { from: 0, to: 1 },
  unanswered: { from: 0, to: 1 },
} as const;

export const BOGUS_CHALLENGE: Attack = {
  ...{ numbers: [54], name: "outspend honest defenders with challenges", unit: "bond" },
  ranges: FALSE_CHALLENGE,
  profit: (point) => falseChallenge({ ...point, ownPuppet: 0 }),
};

export const OWN_PUPPET: Attack = {
  ...{ numbers: [115], name: "a false challenger earns on its demands and dies by its own puppet", unit: "bond" },
  ranges: { ...FALSE_CHALLENGE, ownPuppet: { from: 0, to: 1 } },
  profit: falseChallenge,
};
