import type { RoleProcess } from "../driver/role-process.js";
import { startRpcProxy, type Mood } from "../driver/rpc-proxy.js";
import type { World } from "../driver/world.js";
import { drawBelow, randomFor } from "../random.js";

/*
 * Months of bad luck in minutes: roles are killed at random, and of three endpoints of the chain one at a time is silent, refuses, lags or
 * lies. Nothing of it excuses a wrong end.
 */

/** What a storm did so far. */
export interface StormReport {
  /** Kills by role. */
  readonly kills: Readonly<Record<string, number>>;
  /** Times that an endpoint was bad, by how. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface Storm {
  /** Endpoints of the chain for roles. */
  readonly endpoints: readonly string[];
  begin(world: World): void;
  /** Does something that no kill may fall into; endpoints stay as bad as they are. */
  calm<R>(work: () => Promise<R>): Promise<R>;
  end(): Promise<StormReport>;
}

const ENDPOINTS = 3;
const MOODS: readonly Mood[] = ["silent", "limits", "closes", "lags", "hides-logs", "forges"];
/** Longest pauses, in milliseconds. */
const [KILL_MS, GOOD_MS, BAD_MS] = [4_000, 4_000, 4_000];
/** A role that was killed has this long to come back before the next one is. */
const BACK_MS = 300_000;
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

  async function kill(role: RoleProcess): Promise<void> {
    kills[role.name] = (kills[role.name] ?? 0) + 1;
    await role.crash();
    for (let waited = 0; waited < BACK_MS && role.isExpected() && role.idleAt() < 0; waited += LOOK_MS) {
      await pause(LOOK_MS);
    }
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
      return { kills, faults };
    },
  };
}
