import type { Logger } from "pino";

import { fromHex, sameBytes, toHex } from "../audit/bytes.js";
import type { AssertedTrace, Evidence } from "../audit/evidence.js";
import { DTYPE_BYTES } from "../audit/graph.js";
import { HASH } from "../audit/merkle.js";
import { LEAF, tensorZeros, type TensorTree } from "../audit/tree.js";
import { baseFeeAhead } from "../chain/fees.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { internalError, TouchstoneError } from "../errors.js";
import { findWrong, type WrongTensor } from "./asserted-roots.js";
import { demandAt, readChallenge, type ChallengeLog, type DemandLog } from "./logs.js";
import { heightBelow, proveInside, supplyCount, type Position } from "./positions.js";
import { ChallengeStatus, tolerantSend, type Progress } from "./protocol.js";
import type { Trace } from "./trace.js";

/** What a defender knows of the accused claim: its own audit run, and how to prove things about the model's graph. */
export interface Defence {
  readonly trace: Trace;
  /** Encoding of a node and its range proof under the graph root. */
  node(index: number): { encoding: string; proof: string[] };
  /** `Evidence` that recomputes one element of one node from this run's operands, against asserted roots. */
  evidence(dispute: AssertedTrace & { node: number; element: number }): Evidence;
}

export interface Defender {
  /**
   * Does the next thing towards the end of a false challenge. A truthful one is left alone: then the result is `done`.
   * @param sinceBlock a block not after the challenge's opening.
   */
  advance(challengeId: string, sinceBlock: number, defence: () => Promise<Defence>, now: number): Promise<Progress>;
}

/** The asserted leaf that is known to be wrong, with the path that proves the challenger committed to it. */
interface WrongLeaf {
  readonly index: number;
  readonly leaf: string;
  readonly proof: string[];
}

/** Number of the first element in which two versions of a leaf differ. */
function firstDifference(own: Uint8Array, asserted: Uint8Array, width: number): number {
  const at = own.findIndex((byte, i) => byte !== asserted[i]);
  return Math.floor(at / width);
}

function treeOf(trace: Trace, node: number): TensorTree {
  const tree = trace.trees[node];
  if (tree === undefined) throw internalError(`there is no node ${node}`);
  return tree;
}

export function createDefender({ suite, sender, log }: { suite: Suite; sender: Sender; log: Logger }): Defender {
  const { challenges } = suite;

  /** The leaf of the deviation itself, where the opening transaction can be read and shows the first wrong tensor. */
  async function leafOfDeviation(events: ChallengeLog, root: string, own: TensorTree): Promise<WrongLeaf | undefined> {
    const transaction = events.openTransaction && (await suite.provider.getTransaction(events.openTransaction));
    const call = transaction ? suite.abi.parseTransaction({ data: transaction.data }) : null;
    if (call?.name !== "openChallenge") return undefined;
    const [, , , deviation] = call.args as unknown as [
      string,
      string,
      string,
      [[bigint, bigint], [string, string[], string, string[]]],
    ];
    const [[, element], [assertedRoot, , leaf, proof]] = deviation;
    if (assertedRoot !== root) return undefined;
    const index = Math.floor((Number(element) * DTYPE_BYTES[own.dtype]) / LEAF);
    if (index >= own.count || sameBytes(own.leaves(index, 1), fromHex(leaf))) return undefined;
    return { index, leaf, proof: [...proof] };
  }

  async function demand(
    challengeId: string,
    wanted: { position: Position; root: string; proof: string[]; deeper: boolean; payload: number },
    shown: { encoding: string; proof: string[] } = { encoding: "0x", proof: [] },
  ): Promise<Progress> {
    const { position, root, proof, payload, deeper } = wanted;
    const baseFee = await baseFeeAhead(suite.provider);
    const [price, surcharge] = await challenges.demandPrice(challengeId, payload, baseFee);
    const subtree = { position, root, proof, node: shown.encoding, nodeProof: shown.proof };
    const value = price + surcharge;
    const call = await challenges
      .getFunction(deeper ? "demandDeeper" : "demand")
      .populateTransaction(challengeId, subtree, { value });
    const sent = await tolerantSend(sender, call, ["AlreadyDemanded", "WrongChallengeStatus"]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "demanded", challengeId, ...position, gas }, "demanded a part of a trace");
    return "acted";
  }

  /** A demand was made: wait for its supply, or end the challenge when that is overdue. */
  async function awaitSupply(challengeId: string, made: DemandLog, now: number): Promise<Progress> {
    if (now <= made.supplyDeadline) return "waiting";
    await expire(challengeId, made);
    return "acted";
  }

  async function expire(challengeId: string, { position }: DemandLog): Promise<void> {
    const sent = await tolerantSend(sender, await challenges.expire.populateTransaction(challengeId, position), [
      "WrongChallengeStatus",
      "AlreadySupplied",
    ]);
    log.info(
      { event: "expired", challengeId, gas: sent?.gasUsed.toString() },
      "ended a challenge that left a demand unanswered",
    );
  }

  /** Follows demands and supplies down one wrong tensor, making the next demand where nobody has. */
  async function descend(
    challengeId: string,
    { node, root, rootProof, deeper }: WrongTensor,
    { events, defence, now }: { events: ChallengeLog; defence: Defence; now: number },
  ): Promise<WrongLeaf | Progress> {
    const own = treeOf(defence.trace, node);
    const zeros = tensorZeros();
    let next = { position: { node, height: own.depth, index: 0 }, root, proof: rootProof, deeper };
    let path: string[] = [];
    for (;;) {
      const { position } = next;
      const made = demandAt(events, position);
      const below = heightBelow(position.height);
      if (made === undefined) {
        const payload = position.height === 0 ? LEAF : HASH * supplyCount(own.count, position);
        return demand(
          challengeId,
          { ...next, payload },
          position.height === own.depth ? defence.node(node) : undefined,
        );
      }
      if (made.leaf !== undefined) return { index: position.index, leaf: made.leaf, proof: path };
      if (made.hashes === undefined) return awaitSupply(challengeId, made, now);
      const first = position.index * 2 ** (position.height - below);
      const child = made.hashes.findIndex((each, i) => each !== toHex(own.hashAt(below, first + i)));
      const hash = made.hashes[child];
      if (hash === undefined) {
        throw new TouchstoneError(
          "ASSERTION_EQUAL",
          `Challenge ${challengeId}: a supply equals ours under a wrong hash.`,
        );
      }
      const proof = proveInside({ position, hashes: made.hashes, zeros }, child);
      path = [...proof, ...path];
      next = { position: { node, height: below, index: first + child }, root: hash, proof, deeper: true };
    }
  }

  async function refute(
    challengeId: string,
    { node, root, proveRoot }: WrongTensor,
    found: WrongLeaf,
    defence: Defence,
  ): Promise<void> {
    const own = treeOf(defence.trace, node);
    const width = DTYPE_BYTES[own.dtype];
    const within = firstDifference(own.leaves(found.index, 1), fromHex(found.leaf), width);
    const element = found.index * (LEAF / width) + within;
    const evidence = defence.evidence({
      node,
      element,
      proveRoot,
      result: { root: fromHex(root), leaf: fromHex(found.leaf), proof: found.proof.map(fromHex) },
    });
    const sent = await tolerantSend(sender, await challenges.refute.populateTransaction(challengeId, evidence), [
      "WrongChallengeStatus",
    ]);
    log.info(
      { event: "refuted", challengeId, node, element, gas: sent?.gasUsed.toString() },
      "refuted a false challenge",
    );
  }

  return {
    advance: async (challengeId, sinceBlock, defence, now) => {
      const state = await challenges.challenge(challengeId);
      if (Number(state.status) !== ChallengeStatus.Open) return "done";
      const own = await defence();
      if (own.trace.root === state.traceRoot) return "done";
      const events = await readChallenge(suite, challengeId, sinceBlock);
      const wrong = findWrong(state.traceRoot, events, own.trace.list);
      if ("position" in wrong) {
        if (wrong.demand !== undefined) return awaitSupply(challengeId, wrong.demand, now);
        return demand(challengeId, { ...wrong, payload: HASH * wrong.count });
      }
      const known = await leafOfDeviation(events, wrong.root, treeOf(own.trace, wrong.node));
      const found = known ?? (await descend(challengeId, wrong, { events, defence: own, now }));
      if (typeof found === "string") return found;
      await refute(challengeId, wrong, found, own);
      return "acted";
    },
  };
}
