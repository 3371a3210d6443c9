import { HOUR, PARAMETERS } from "../hub.js";
import type { Attack, Point } from "./search.js";
import { CONSUMER, HONEST, OPERATOR, puppet, PUPPET, ratio, STRANGER, tokens, World } from "./world.js";

/** What an operator brings into a world: own stake, its friends' delegation and that of strangers; some of it leaving. */
const STAKES = {
  own: { from: 10, to: 1_000_000, log: true },
  friends: { from: 0, to: 1_000_000 },
  strangers: { from: 0, to: 4_000_000 },
  leaving: { from: 0, to: 100 },
  lock: { from: 1, to: 100 },
} as const;

const FRIEND = "friend";

function staked({ own, friends, strangers, leaving, lock }: Point) {
  const world = new World();
  const { staking } = world;
  world.try(() => staking.deposit(OPERATOR, OPERATOR, tokens(own!)));
  world.try(() => staking.deposit(OPERATOR, FRIEND, tokens(friends!)));
  world.try(() => staking.deposit(OPERATOR, STRANGER, tokens(strangers!)));
  const { free } = staking.seen(OPERATOR, []);
  const amount = (free * BigInt(lock!)) / 100n;
  const leave = () =>
    world.try(() => staking.requestExit(OPERATOR, OPERATOR, (tokens(own!) * BigInt(leaving!)) / 100n));
  return { world, amount: amount > PARAMETERS.jobs.lockFloor ? amount : PARAMETERS.jobs.lockFloor, leave };
}

/** Tokens of all attackers afterwards, less what they had, in parts of the own part of the lock. */
function slashOneself(
  point: Point,
  insiders: readonly string[],
  rewards: (own: bigint) => { to: string; amount: bigint }[],
) {
  const { world, amount, leave } = staked(point);
  const before = world.stakeOf(insiders);
  if (!world.try(() => world.staking.lock(OPERATOR, "lock", amount, false))) return undefined;
  const { own } = world.staking.lockOf(OPERATOR, "lock");
  leave();
  if (!world.try(() => world.staking.slash(OPERATOR, "lock", rewards(own)))) return undefined;
  return ratio(world.stakeOf(insiders) - before, own);
}

const puppets = (count: number): string[] => Array.from({ length: count }, (_, i) => puppet(i));

export const SELF_SLASH: Attack = {
  ...{ numbers: [8], name: "slash oneself to recover stake", unit: "own part of the lock" },
  ranges: { ...STAKES, puppets: { from: 1, to: 15 }, asked: { from: 0, to: 200 } },
  profit: (point) => {
    const insiders = [OPERATOR, FRIEND, ...puppets(point["puppets"]!)];
    const each = (own: bigint) => (own * BigInt(point["asked"]!)) / 100n;
    return slashOneself(point, insiders, (own) => puppets(point["puppets"]!).map((to) => ({ to, amount: each(own) })));
  },
};

export const SLASH_DELEGATORS: Attack = {
  ...{ numbers: [91], name: "slash one's own delegators through a puppet", unit: "own part of the lock" },
  ranges: { ...STAKES, strangers: { from: 1_000, to: 10_000_000, log: true } },
  profit: (point) => {
    const insiders = [OPERATOR, FRIEND, PUPPET];
    return slashOneself(point, insiders, (own) => [{ to: PUPPET, amount: 5n * own }]);
  },
};

export const RECEIPT_PRICE: Attack = {
  ...{ numbers: [114], name: "a receipt's price drains the slash", unit: "own part of the lock" },
  // The consumer of a receipt has no fee in escrow: whatever price it was signed with, its part of the slash is all it gets.
  ranges: { ...STAKES, price: { from: 1, to: 1_000_000_000, log: true }, receipts: { from: 1, to: 50 } },
  profit: (point) => {
    const insiders = [OPERATOR, FRIEND, CONSUMER, PUPPET];
    return slashOneself(point, insiders, (own) => {
      const toConsumer = ((own / 2n) * 30n) / 100n;
      return [
        { to: CONSUMER, amount: toConsumer },
        { to: PUPPET, amount: own / 2n - toConsumer },
      ];
    });
  },
};

/** A lie that an honest watcher finds, with puppets that challenge it too, wrongly or rightly, before and after. */
function caught(point: Point, voids: number): number | undefined {
  const { world, amount, leave } = staked(point);
  const { disputes, clock } = world;
  const count = point["puppets"]!;
  const consumer = point["consumerToo"] === 1 ? PUPPET : CONSUMER;
  const insiders = [OPERATOR, FRIEND, PUPPET, ...puppets(count)];
  const before = world.stakeOf(insiders);
  if (!world.answer("claim", { lock: amount, fee: 0n, consumer })) return undefined;
  const { own } = world.staking.lockOf(OPERATOR, "claim");
  leave();
  const bond = disputes.bondAt(0n);
  const open = (id: string, by: string, verdict: "wrong" | "void") =>
    world.try(() => disputes.open(id, { claim: "claim", by, verdict, bond }, { baseFee: 0n, committedAt: clock.time }));
  for (let i = 0; i < voids; i++) open(`void ${i}`, puppet(0), "void");
  for (let i = 0; i < count; i++) open(puppet(i), puppet(i), "wrong");
  world.wait(point["gap"]!);
  if (!open("honest", HONEST, "wrong")) return undefined;
  const all = [...disputes.state.challenges.keys()];
  // The attackers resolve and execute as soon as they can, the honest side later.
  const end = clock.time + BigInt(PARAMETERS.challenges.refutationWindow);
  const claim = () => disputes.state.claims.get("claim")!.status;
  for (let hours = 0; hours < 200 && claim() === "answered"; hours += 3) {
    for (const id of all) {
      if (id === "honest" && clock.time < end + BigInt(point["late"]!)) continue;
      const { status } = disputes.state.challenges.get(id)!;
      if (status === "open") world.try(() => disputes.resolve(id));
      if (status === "upheld") world.try(() => disputes.execute(id));
    }
    world.wait(3 * HOUR);
  }
  if (claim() !== "wrong") throw new Error(`a lie that was challenged in time ended as ${claim()}`);
  return ratio(world.stakeOf(insiders) - before, own);
}

const CAUGHT = {
  ...STAKES,
  puppets: { from: 0, to: 10 },
  consumerToo: { from: 0, to: 1 },
  gap: { from: 0, to: 82_000 },
  late: { from: 0, to: 40_000 },
} as const;

export const SELF_CHALLENGE: Attack = {
  ...{ numbers: [42], name: "a challenge to oneself takes the first place", unit: "own part of the lock" },
  ranges: CAUGHT,
  profit: (point) => caught(point, 0),
};

export const SELF_VOID: Attack = {
  ...{ numbers: [111], name: "void one's own forged claim before the wrong executes", unit: "own part of the lock" },
  ranges: { ...CAUGHT, voids: { from: 1, to: 5 } },
  profit: (point) => caught(point, point["voids"]!),
};
