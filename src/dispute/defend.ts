import type { Logger } from "pino";

import { fromHex, sameBytes, toHex } from "../audit/bytes.js";
import type { AssertedTrace, Evidence } from "../audit/evidence.js";
import { DTYPE_BYTES } from "../audit/graph.js";
import { LEAF, listTree, tensorZeros, type HashTree, type TensorTree } from "../audit/tree.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import { demandAt, readChallenge, type ChallengeLog, type DemandLog } from "./logs.js";
import { heightBelow, proveInside, ROOT_LIST, type Position } from "./positions.js";
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

export function createDefender({ suite, sender, log: logger }: { suite: Suite; sender: Sender; log: Logger }): Defender {
  const { challenges } = suite;

  /** The leaf of the deviation itself, where the opening transaction can be read and shows the first wrong tensor. */
  async function leafOfDeviation(log: ChallengeLog, root: string, own: TensorTree): Promise<WrongLeaf | undefined> {
    const transaction = log.openTransaction && (await suite.provider.getTransaction(log.openTransaction));
    const call = transaction ? suite.abi.parseTransaction({ data: transaction.data }) : null;
    if (call?.name !== "openChallenge") return undefined;
    const [, , , deviation] = call.args as unknown as [string, string, string, [[bigint, bigint], [string, string[], string, string[]]]];
    const [[, element], [assertedRoot, , leaf, proof]] = deviation;
    if (assertedRoot !== root) return undefined;
    const index = Math.floor((Number(element) * DTYPE_BYTES[own.dtype]) / LEAF);
    if (index >= own.count || sameBytes(own.leaves(index, 1), fromHex(leaf))) return undefined;
    return { index, leaf, proof: [...proof] };
  }

  async function demand(challengeId: string, call: { position: Position; root: string; proof: string[]; payload: number; deeper: boolean }, defence: Defence): Promise<void> {
    const { position, root, proof, payload, deeper } = call;
    const [price, surcharge] = await challenges.demandPrice(challengeId, payload);
    const shown = position.node === ROOT_LIST || deeper ? { encoding: "0x", proof: [] } : defence.node(position.node);
    const subtree = { position, root, proof, node: shown.encoding, nodeProof: shown.proof };
    const value = price + surcharge;
    const method = deeper ? challenges.demandDeeper : challenges.demand;
    const sent = await tolerantSend(sender, await method.populateTransaction(challengeId, subtree, { value }), [
      "AlreadyDemanded",
      "WrongChallengeStatus",
    ]);
    logger.info({ event: "demanded", challengeId, ...position, gas: sent?.gasUsed.toString() }, "demanded a part of a trace");
  }

  async function expire(challengeId: string, { position }: DemandLog): Promise<void> {
    const sent = await tolerantSend(sender, await challenges.expire.populateTransaction(challengeId, position), [
      "WrongChallengeStatus",
      "AlreadySupplied",
    ]);
    logger.info({ event: "expired", challengeId, gas: sent?.gasUsed.toString() }, "ended a challenge that left a demand unanswered");
  }

  /** Follows demands and supplies down one wrong tensor, making the next demand where nobody has. */
  async function descend(
    challengeId: string,
    wrong: { node: number; root: string; list: HashTree; own: TensorTree },
    log: ChallengeLog,
    defence: Defence,
    now: number,
  ): Promise<WrongLeaf | Progress> {
    const { own, node, root } = wrong;
    const zeros = tensorZeros();
    let position: Position = { node, height: own.depth, index: 0 };
    let hash = root;
    let proof = wrong.list.prove(node, 1).map(toHex);
    let path: string[] = [];
    for (let deeper = false; ; deeper = true) {
      const made = demandAt(log, position);
      if (made === undefined) {
        const payload = position.height === 0 ? LEAF : 32 * 2 ** (position.height - heightBelow(position.height));
        await demand(challengeId, { position, root: hash, proof, payload, deeper }, defence);
        return "acted";
      }
      if (made.leaf !== undefined) return { index: position.index, leaf: made.leaf, proof: path };
      if (made.hashes === undefined) {
        if (now <= made.supplyDeadline) return "waiting";
        await expire(challengeId, made);
        return "acted";
      }
      const below = heightBelow(position.height);
      const first = position.index * 2 ** (position.height - below);
      const child = made.hashes.findIndex((each, i) => each !== toHex(own.hashAt(below, first + i)));
      const childHash = made.hashes[child];
      if (childHash === undefined) {
        throw new TouchstoneError("SUPPLY_WITHOUT_FAULT", `Challenge ${challengeId}: a supply equals our own tree under a wrong hash.`);
      }
      proof = proveInside({ count: own.count, position, hashes: made.hashes, zeros, child });
      path = [...proof, ...path];
      position = { node, height: below, index: first + child };
      hash = childHash;
    }
  }

  async function refute(
    challengeId: string,
    wrong: { node: number; root: string; list: HashTree; own: TensorTree },
    found: WrongLeaf,
    defence: Defence,
  ): Promise<void> {
    const { own, node, root, list } = wrong;
    const width = DTYPE_BYTES[own.dtype];
    const within = firstDifference(own.leaves(found.index, 1), fromHex(found.leaf), width);
    const element = found.index * (LEAF / width) + within;
    const evidence = defence.evidence({
      node,
      element,
      proveRoot: (each) => list.prove(each, 1),
      result: { root: fromHex(root), leaf: fromHex(found.leaf), proof: found.proof.map(fromHex) },
    });
    const sent = await tolerantSend(sender, await challenges.refute.populateTransaction(challengeId, evidence), [
      "WrongChallengeStatus",
    ]);
    logger.info({ event: "refuted", challengeId, node, element, gas: sent?.gasUsed.toString() }, "refuted a false challenge");
  }

  return {
    advance: async (challengeId, sinceBlock, defence, now) => {
      const state = await challenges.challenge(challengeId);
      if (Number(state.status) !== ChallengeStatus.Open) return "done";
      const own = await defence();
      if (own.trace.root === state.traceRoot) return "done";
      const log = await readChallenge(suite, challengeId, sinceBlock);
      const node = log.roots.findIndex((each, i) => each !== own.trace.roots[i]);
      const tree = own.trace.trees[node];
      const root = log.roots[node];
      if (tree === undefined || root === undefined) {
        throw new TouchstoneError("ROOTS_WITHOUT_FAULT", `Challenge ${challengeId} asserts another trace with our roots.`);
      }
      const list = listTree(log.roots.map(fromHex));
      const wrong = { node, root, list, own: tree };
      const found = (await leafOfDeviation(log, root, tree)) ?? (await descend(challengeId, wrong, log, own, now));
      if (typeof found === "string") return found;
      await refute(challengeId, wrong, found, own);
      return "acted";
    },
  };
}
