import { fromHex, sameBytes } from "../audit/bytes.js";
import { nextMove, type Assertion, type DemandMove, type RefuteMove } from "../audit/dispute.js";
import type { AssertedTrace, Evidence } from "../audit/evidence.js";
import { type Position, ROOT_LIST } from "../audit/subtree.js";
import { baseFeeAhead } from "../chain/fees.js";
import type { AccuserOptions } from "./accuse.js";
import { refundDemands } from "./collect.js";
import { demandAt, readChallenge, type ChallengeLog } from "./logs.js";
import { leafOf } from "./openings.js";
import { ChallengeStatus, tolerantSend, type Progress } from "./protocol.js";
import type { Trace } from "./trace.js";

/** What a defender knows of the accused claim: its own audit run, and how to prove things about the model's graph. */
export interface Defence {
  readonly trace: Trace;
  /** The nodes that produce the outputs, in order. */
  readonly outputNodes: readonly number[];
  /** Encoding of a node and its range proof under the graph root. */
  node(index: number): { encoding: string; proof: string[] };
  /** `Evidence` that recomputes one element of one node from this run's operands, against asserted roots. */
  evidence(dispute: { asserted: AssertedTrace; node: number; element: number }): Evidence;
}

export interface Defender {
  /**
   * Does the next thing towards the end of a false challenge, and takes back the prices of own demands after it. A truthful
   * one is left alone: then the result is `done`.
   * @param sinceBlock a block not after the challenge's opening.
   * @param defence undefined where the claim is forgotten: only prices can be taken back then.
   * @param isRepaid asked before a demand is made: whether its price comes back when the challenge is lost. Default: it does.
   */
  advance(
    challengeId: string,
    sinceBlock: number,
    defence: (() => Promise<Defence>) | undefined,
    now: number,
    isRepaid?: () => Promise<boolean>,
  ): Promise<Progress>;
}

const ENDED: ReadonlySet<number> = new Set([
  ChallengeStatus.Refuted,
  ChallengeStatus.Unanswered,
  ChallengeStatus.Settled,
]);

export function createDefender({ suite, sender, log, metrics }: AccuserOptions): Defender {
  const { challenges } = suite;

  /** The leaf that the opening transaction itself showed; undefined where it cannot be read, as from a contract wallet. */
  async function shownLeaf(events: ChallengeLog, { trace, outputNodes }: Defence): Promise<Assertion["shown"]> {
    const transaction = events.openTransaction && (await suite.provider.getTransaction(events.openTransaction));
    const call = transaction ? suite.abi.parseTransaction({ data: transaction.data }) : null;
    if (call?.name !== "openChallenge") return undefined;
    const [claimed, traced] = call.args.getValue("deviation") as [
      [bigint, bigint],
      [string, unknown, string, string[]],
    ];
    const node = outputNodes[Number(claimed[0])];
    if (node === undefined) return undefined;
    const [root, , leaf, proof] = traced;
    const index = leafOf(trace.trees([node])[0]!, Number(claimed[1]));
    return { node, index, root: fromHex(root), leaf: fromHex(leaf), proof: proof.map(fromHex) };
  }

  async function assertionOf(traceRoot: string, events: ChallengeLog, defence: Defence): Promise<Assertion> {
    const shown = await shownLeaf(events, defence);
    return {
      traceRoot: fromHex(traceRoot),
      roots: events.roots.length > 0 ? events.roots.map(fromHex) : undefined,
      supplied: (position) => {
        const demand = demandAt(events, position);
        if (demand?.leaf !== undefined) return { leaf: fromHex(demand.leaf) };
        return demand?.hashes && { hashes: demand.hashes.map(fromHex) };
      },
      ...(shown === undefined ? {} : { shown }),
    };
  }

  async function demand(challengeId: string, move: DemandMove, defence: Defence): Promise<Progress> {
    const { position, around } = move;
    const [price, surcharge] = await challenges.demandPrice(
      challengeId,
      move.payload,
      await baseFeeAhead(suite.provider),
    );
    // A tensor's size is shown with the first demand inside it, whether that is a first or a deeper one.
    const entersTensor = position.node !== ROOT_LIST && around?.node !== position.node;
    const shown = entersTensor ? defence.node(position.node) : { encoding: "0x", proof: [] };
    const subtree = {
      position,
      root: move.root,
      proof: [...move.proof],
      node: shown.encoding,
      nodeProof: shown.proof,
    };
    const value = price + surcharge;
    const call =
      around === undefined
        ? await challenges.demand.populateTransaction(challengeId, subtree, { value })
        : await challenges.demandDeeper.populateTransaction(challengeId, around, subtree, { value });
    const sent = await tolerantSend(sender, call, ["AlreadyDemanded", "WrongChallengeStatus"]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "demanded", challengeId, ...position, gas }, "demanded a part of a trace");
    return "acted";
  }

  async function expire(challengeId: string, position: Position): Promise<Progress> {
    const sent = await tolerantSend(sender, await challenges.expire.populateTransaction(challengeId, position), [
      "WrongChallengeStatus",
      "AlreadySupplied",
    ]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "expired", challengeId, gas }, "ended a challenge that left a demand unanswered");
    return "acted";
  }

  async function refute(challengeId: string, move: RefuteMove, defence: Defence): Promise<Progress> {
    const { node, element, asserted } = move;
    const evidence = defence.evidence({ asserted, node, element });
    const sent = await tolerantSend(sender, await challenges.refute.populateTransaction(challengeId, evidence), [
      "WrongChallengeStatus",
    ]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "refuted", challengeId, node, element, gas }, "refuted a false challenge");
    return "acted";
  }

  return {
    advance: async (challengeId, sinceBlock, defence, now, isRepaid = () => Promise.resolve(true)) => {
      const { status, traceRoot, lastDeadline } = await challenges.challenge(challengeId);
      if (ENDED.has(Number(status))) {
        return (await refundDemands(suite, sender, challengeId, sinceBlock)) ? "acted" : "done";
      }
      if (Number(status) !== ChallengeStatus.Open) return "waiting";
      if (defence === undefined) return "done";
      const own = await defence();
      if (sameBytes(own.trace.list.root(), fromHex(traceRoot))) return "done";
      const events = await readChallenge(suite, challengeId, sinceBlock);
      const tensor = (node: number) => own.trace.trees([node])[0]!;
      const move = nextMove({ list: own.trace.list, tensor }, await assertionOf(traceRoot, events, own));
      if (move.kind === "none") return "done";
      if (move.kind === "refute") {
        metrics?.margin.observe({ deadline: "refutation" }, Number(lastDeadline) - now);
        return refute(challengeId, move, own);
      }
      const made = demandAt(events, move.position);
      if (made === undefined) return (await isRepaid()) ? demand(challengeId, move, own) : "waiting";
      return now <= made.supplyDeadline ? "waiting" : expire(challengeId, move.position);
    },
  };
}
