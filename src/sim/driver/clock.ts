import type { JsonRpcProvider } from "ethers";

import { TouchstoneError } from "../../errors.js";
import { roleEnded } from "./children.js";
import { createPatience } from "./patience.js";
import type { RoleProcess } from "./role-process.js";

export interface Clock {
  /** Waits until every role has reported that it has nothing to do at the newest block. */
  settle(): Promise<void>;
  /** Settles after a block of its own: what came to roles by HTTP until now is on no block, and a role may be idle that has yet to look at it. */
  settleAnew(): Promise<void>;
  /** Settles, then moves the chain's time to the next deadline. Returns false where there is none. */
  advance(): Promise<boolean>;
}

export interface ClockOptions {
  readonly provider: JsonRpcProvider;
  /** Roles that run now. */
  readonly roles: () => readonly RoleProcess[];
  /** First seconds in which something new becomes possible, all after chain time `now`. */
  readonly deadlines: (now: number) => Promise<readonly number[]>;
  /** Called whenever new blocks may be there. */
  readonly onBlocks: () => Promise<void>;
  /** A role that stays busy this long without reporting is stuck, on a machine that is free; default two minutes. */
  readonly patienceMs?: number | undefined;
  /** Called whenever roles are about to be waited for, to get in their way. */
  readonly disturb?: (() => Promise<void>) | undefined;
}

const LOOK_MS = 60;
const PATIENCE_MS = 120_000;
/** Deadlines this close together are passed in one step: nobody acts between them, because everybody is idle. */
const TOGETHER = 300;

/**
 * Moves a development chain's time, and only while nobody is busy: a jump must never make an honest role miss a deadline
 * that it would have kept.
 */
export function createClock(options: ClockOptions): Clock {
  const { provider, roles, deadlines, onBlocks, patienceMs = PATIENCE_MS, disturb } = options;

  /** Roles that have not yet said that nothing is to be done at this block. */
  function busyAt(head: number): RoleProcess[] {
    const expected = roles().filter((role) => role.isExpected());
    for (const role of expected) {
      const failure = role.failure();
      if (failure !== undefined) throw roleEnded({ name: role.name, log: role.log() }, failure);
    }
    return expected.filter((role) => role.idleAt() < head);
  }

  async function settle(): Promise<void> {
    await disturb?.();
    const patience = createPatience(patienceMs);
    let seen = -1;
    for (;;) {
      const head = await provider.getBlockNumber();
      if (head !== seen) {
        patience.renew();
        seen = head;
        await onBlocks();
      }
      const busy = busyAt(head);
      // The last to become idle may have acted meanwhile: only then is everybody idle at the newest block.
      if (busy.length === 0 && (await provider.getBlockNumber()) === head) return;
      if (patience.isOver()) {
        const said = busy.map((role) => `${role.name} ("${role.last()?.msg ?? "nothing yet"}")`);
        throw new TouchstoneError("ROLES_BUSY", `Not idle at block ${head} for too long: ${said.join(", ")}.`, {
          next: "Their log files say what they wait for.",
        });
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  return {
    settle,
    settleAnew: async () => {
      await provider.send("evm_mine", []);
      await settle();
    },
    advance: async () => {
      await settle();
      const now = (await provider.getBlock("latest"))?.timestamp ?? 0;
      const due = [...(await deadlines(now))].filter((at) => at > now).sort((a, b) => a - b);
      const [first] = due;
      if (first === undefined) return false;
      const target = due.filter((at) => at - first <= TOGETHER).at(-1) ?? first;
      await provider.send("evm_setNextBlockTimestamp", [target]);
      await provider.send("evm_mine", []);
      await settle();
      return true;
    },
  };
}
