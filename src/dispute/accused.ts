import { IClaimSource__factory } from "../../typechain-types/index.js";
import { PAGE } from "../chain/logs.js";
import type { Suite } from "../chain/suite.js";
import { ChallengeStatus } from "./protocol.js";

/** A challenge against an operator that is not over. */
export interface Accused {
  readonly challengeId: string;
  readonly claimId: string;
  readonly challenger: string;
  /** `Open`: it can still be refuted. `Upheld`: it stands, and the stake behind the claim is lost when it is executed. */
  readonly status: "Open" | "Upheld";
  /** Seconds of protocol time in which it can still be refuted; 0 where it can't. */
  readonly secondsLeft: number;
}

/** All challenges against an operator's claims that are not over, from the chain alone: no state is needed. */
export async function accusationsOf(suite: Suite, operator: string): Promise<Accused[]> {
  const { challenges, provider, deployment, hub } = suite;
  const [head, now] = await Promise.all([provider.getBlockNumber(), hub.time()]);
  const found: Accused[] = [];
  for (let from = deployment.block; from <= head; from += PAGE) {
    const opened = await challenges.queryFilter(
      challenges.filters.ChallengeOpened(),
      from,
      Math.min(from + PAGE - 1, head),
    );
    for (const { args } of opened) {
      const { challengeId, claimId, challenger, source } = args;
      const [{ status, lastDeadline }, claim] = await Promise.all([
        challenges.challenge(challengeId),
        IClaimSource__factory.connect(source, provider).claim(claimId),
      ]);
      const isOpen = Number(status) === ChallengeStatus.Open;
      if (claim.operator !== operator || (!isOpen && Number(status) !== ChallengeStatus.Upheld)) continue;
      const secondsLeft = isOpen && lastDeadline > now ? Number(lastDeadline - now) : 0;
      found.push({ challengeId, claimId, challenger, status: isOpen ? "Open" : "Upheld", secondsLeft });
    }
  }
  return found;
}
