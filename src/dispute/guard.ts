import type { Logger } from "pino";

import type { SuiteEvent } from "../chain/feed.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import type { Metrics } from "../metrics.js";
import type { State } from "../store/state.js";
import { findClaim } from "./claims.js";
import { createDefender } from "./defend.js";
import { createEndings } from "./endings.js";
import type { Evidencer } from "./evidence.js";

interface ChallengeRecord {
  readonly challengeId: string;
  readonly claimId: string;
  readonly block: number;
}

/** Watches challenges of others and ends the false ones. */
export interface Guard {
  record(events: readonly SuiteEvent[]): void;
  /** Does what is due at protocol time `now` in block `head`; returns whether anything was sent. */
  advance(now: number, head: number): Promise<boolean>;
}

export interface GuardOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly state: State;
  readonly evidencer: Evidencer;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "margin">;
}

/**
 * Defends every claim that this process has recorded, against everybody's challenges but its own. A truthful challenge
 * equals our own audit run and is left alone.
 */
export function createGuard({ suite, sender, state, evidencer, log, metrics }: GuardOptions): Guard {
  const challenges = state.collection<ChallengeRecord>("foreign-challenge");
  const endings = createEndings(state);
  /** Where nothing was left to do: looked at again only in another block, which may have undone it. */
  const doneAt = new Map<string, number>();
  const defender = createDefender({ suite, sender, log, ...(metrics === undefined ? {} : { metrics }) });

  return {
    record: (events) => {
      for (const event of events) {
        if (event.contract !== "challenges" || event.name !== "ChallengeOpened") continue;
        const [challengeId, challenger, claimId] = ["challengeId", "challenger", "claimId"].map(
          (name) => event.args.getValue(name) as string,
        ) as [string, string, string];
        if (challenger === sender.address || findClaim(state, claimId) === undefined) continue;
        challenges.put(challengeId, { challengeId, claimId, block: event.block });
      }
    },
    advance: async (now, head) => {
      let acted = false;
      for (const { key, value } of challenges.entries()) {
        if (doneAt.get(key) === head) continue;
        const claim = findClaim(state, value.claimId);
        try {
          const defence = claim && (() => evidencer.defenceOf(claim));
          const progress = await defender.advance(key, value.block, defence, now);
          if (progress === "acted") acted = true;
          if (progress === "done") {
            doneAt.set(key, head);
            if (endings.isFinal(key, head)) {
              challenges.delete(key);
              doneAt.delete(key);
            }
          } else endings.goesOn(key);
        } catch (err) {
          log.error({ event: "defence-failed", challengeId: key, err }, "cannot advance a defence");
        }
      }
      return acted;
    },
  };
}
