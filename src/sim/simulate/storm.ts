import { createPatience } from "../driver/patience.js";
import type { RoleProcess } from "../driver/role-process.js";
import { startRpcProxy, type Mood } from "../driver/rpc-proxy.js";
import type { World } from "../driver/world.js";
import { drawBelow, randomFor } from "../random.js";
import { DEEPEST, padBlocks, reorganise, type Reorganisation } from "./reorganise.js";

/*
 * Months of bad luck in minutes: roles are killed at random, of three endpoints of the chain one at a time is silent or slow, refuses,
 * lags, lies or stammers, and whenever roles are waited for the chain may reorganise. Nothing of it excuses a wrong end.
 */

/** What a storm did so far. */
export interface StormReport {
  /** Kills by role. */
  readonly kills: Readonly<Record<string, number>>;
  /** Times that an endpoint was bad, by how. */
  readonly faults: Readonly<Record<string, number>>;
  readonly reorganisations: readonly Reorganisation[];
}

export interface Storm {
  /** Endpoints of the chain for roles. */
  readonly endpoints: readonly string[];
  begin(world: World): void;
  /**
   * Lets roles begin, and may then take back what they did since, up to 64 blocks. What others sent before stands, and so does time: no
   * fork is a day behind another.
   */
  shake(world: World): Promise<void>;
  /** Does something that no kill may fall into; endpoints stay as bad as they are. */
  calm<R>(work: () => Promise<R>): Promise<R>;
  end(): Promise<StormReport>;
}

const ENDPOINTS = 3;
const MOODS: readonly Mood[] = ["silent", "drips", "limits", "closes", "lags", "hides-logs", "forges", "garbles"];
/** Longest pauses, in milliseconds. */
const [KILL_MS, GOOD_MS, BAD_MS] = [10_000, 4_000, 4_000];
/** Longest time that roles have before a reorganisation, and how many of them come. */
const SHAKE_MS = 2_000;
const SHARE_SHAKEN = 0.6;
/** A role that was killed has this long to come back before the next one is, on a machine that is free. */
const BACK_MS = 120_000;
const LOOK_MS = 100;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @param rpcUrl where the real node is */
export async function createStorm(rpcUrl: string, seed: number): Promise<Storm> {
  const proxies = await Promise.all(Array.from({ length: ENDPOINTS }, () => startRpcProxy(rpcUrl)));
  const kills: Record<string, number> = {};
  const faults: Record<string, number> = {};
  let over = false;
  const isOver = (): boolean => over;
  /** How many need calm now. */
  let calms = 0;
  let killing: Promise<void> = Promise.resolve();
  const loops: Promise<void>[] = [];
  const reorganisations: Reorganisation[] = [];
  const shaking = randomFor(seed, "storm reorganisations");

  async function kill(role: RoleProcess): Promise<void> {
    kills[role.name] = (kills[role.name] ?? 0) + 1;
    await role.crash();
    const patience = createPatience(BACK_MS);
    while (!isOver() && role.isExpected() && role.idleAt() < 0 && !patience.isOver()) await pause(LOOK_MS);
  }

  async function killSome(world: World): Promise<void> {
    const random = randomFor(seed, "storm kills");
    while (!isOver()) {
      await pause(random() * KILL_MS);
      const roles = world.roles().filter((role) => role.isHonest && role.isExpected() && role.idleAt() >= 0);
      const role = roles[drawBelow(random, Math.max(1, roles.length))];
      if (isOver() || calms > 0 || role === undefined) continue;
      killing = kill(role);
      await killing;
    }
  }

  async function spoilSome(): Promise<void> {
    const random = randomFor(seed, "storm endpoints");
    while (!isOver()) {
      await pause(random() * GOOD_MS);
      const mood = MOODS[drawBelow(random, MOODS.length)]!;
      const proxy = proxies[drawBelow(random, ENDPOINTS)]!;
      faults[mood] = (faults[mood] ?? 0) + 1;
      proxy.mood = mood;
      await pause(random() * BAD_MS);
      proxy.mood = "honest";
    }
  }

  return {
    endpoints: proxies.map((proxy) => proxy.rpcUrl),
    shake: async (world) => {
      if (loops.length === 0 || isOver() || shaking() >= SHARE_SHAKEN) return;
      // What was set without a transaction, as balances are, belongs to no block until the next one.
      await padBlocks(world, 1);
      const floor = await world.provider.getBlockNumber();
      await pause(shaking() * SHAKE_MS);
      // Half of them are as deep as what roles did just now, half up to as deep as can be.
      if (shaking() < 0.5) await padBlocks(world, drawBelow(shaking, DEEPEST));
      const done = await reorganise(world, floor, shaking);
      if (done !== undefined) reorganisations.push(done);
    },
    begin: (world) => void loops.push(killSome(world), spoilSome()),
    calm: async (work) => {
      calms++;
      try {
        await killing;
        return await work();
      } finally {
        calms--;
      }
    },
    end: async () => {
      over = true;
      await Promise.all(loops);
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      return { kills, faults, reorganisations };
    },
  };
}
