import type { EventLog, Log } from "ethers";

import type { Position } from "../audit/subtree.js";
import { logsOf } from "../chain/logs.js";
import type { Suite } from "../chain/suite.js";

/** What the chain shows of one demand. */
export interface DemandLog {
  readonly position: Position;
  readonly root: string;
  readonly demander: string;
  readonly supplyDeadline: number;
  /** Set once supplied: the hashes one grid height below, or the leaf's bytes. */
  readonly hashes?: readonly string[];
  readonly leaf?: string;
  readonly graceDeadline?: number;
}

/** Everything public about one challenge, from its events. */
export interface ChallengeLog {
  readonly roots: readonly string[];
  readonly demands: readonly DemandLog[];
  readonly openTransaction: string | undefined;
}

const keyOf = (position: Position): string => `${position.node}:${position.height}:${position.index}`;

function decoded(
  suite: Suite,
  log: Log | EventLog,
): { name: string; args: EventLog["args"]; hash: string } | undefined {
  const parsed = suite.abi.parseLog(log);
  return parsed === null ? undefined : { name: parsed.name, args: parsed.args, hash: log.transactionHash };
}

/** Reads a challenge's events from the block it can have been opened in. */
export async function readChallenge(suite: Suite, challengeId: string, fromBlock: number): Promise<ChallengeLog> {
  const { provider, deployment } = suite;
  const filter = { address: deployment.challenges, topics: [null, challengeId] };
  const logs = await logsOf(provider, filter, fromBlock, await provider.getBlockNumber());
  let roots: readonly string[] = [];
  let openTransaction: string | undefined;
  const demands = new Map<string, DemandLog>();
  for (const log of logs) {
    const event = decoded(suite, log);
    if (event === undefined) continue;
    const { name, args } = event;
    if (name === "ChallengeOpened") openTransaction = event.hash;
    if (name === "RootsGiven") roots = [...(args.getValue("roots") as string[])];
    if (name !== "Demanded" && name !== "HashesSupplied" && name !== "LeafSupplied") continue;
    const raw = args.getValue("position") as [bigint, bigint, bigint];
    const position = { node: Number(raw[0]), height: Number(raw[1]), index: Number(raw[2]) };
    const before = demands.get(keyOf(position));
    if (name === "Demanded") {
      demands.set(keyOf(position), {
        position,
        root: args.getValue("root") as string,
        demander: args.getValue("demander") as string,
        supplyDeadline: Number(args.getValue("supplyDeadline")),
      });
    } else if (before !== undefined) {
      const graceDeadline = Number(args.getValue("graceDeadline"));
      const shown =
        name === "LeafSupplied"
          ? { leaf: args.getValue("leaf") as string }
          : { hashes: [...(args.getValue("hashes") as string[])] };
      demands.set(keyOf(position), { ...before, ...shown, graceDeadline });
    }
  }
  return { roots, demands: [...demands.values()], openTransaction };
}

/** The demand at a position, if somebody made it. */
export function demandAt(log: ChallengeLog, position: Position): DemandLog | undefined {
  return log.demands.find((demand) => keyOf(demand.position) === keyOf(position));
}
