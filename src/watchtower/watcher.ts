import type { Logger } from "pino";

import { fromHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { createFeed } from "../chain/feed.js";
import { stepEach, type PassResult } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createAccuser, type Accusation } from "../dispute/accuse.js";
import { claimsOf, findClaim, forgetOver, receiptsOf, recordClaim, type ClaimRecord } from "../dispute/claims.js";
import { collectFromDisputes } from "../dispute/collect.js";
import { createEndings } from "../dispute/endings.js";
import type { Evidencer } from "../dispute/evidence.js";
import { compareWithAudit, isSuspicious, type Finding } from "../dispute/examine.js";
import type { Guard } from "../dispute/guard.js";
import { makeAccusation, type SaltKey } from "../dispute/make-accusation.js";
import type { Metrics } from "../metrics.js";
import type { Catalogue } from "../models/catalogue.js";
import { firstOutside } from "../models/domain.js";
import { inputTensors, type PreparedModel } from "../models/prepared.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Collection, State } from "../store/state.js";

export interface WatcherOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly signer: SaltKey;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly evidencer: Evidencer;
  readonly guard: Guard;
  /** The runtime to re-run a model's claims with. */
  readonly runtime: (model: PreparedModel) => Promise<Runtime>;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "margin" | "unchecked" | "accusations">;
}

/** Answered claims that wait to be checked, by id. */
export const uncheckedOf = (state: State): Collection<{ since: number }> => state.collection("unchecked");

/** Re-runs published claims, challenges the wrong ones, and defends the others against false challenges. */
export function createWatcher(options: WatcherOptions): { readonly pass: () => Promise<PassResult> } {
  const { suite, sender, signer, state, catalogue, evidencer, guard, log, metrics } = options;
  const unchecked = uncheckedOf(state);
  const accusations = state.collection<Accusation>("accusation");
  const feed = createFeed(suite, state.collection("cursor"));
  const endings = createEndings(state);
  const accuser = createAccuser(options);

  /** The native runtime's answer; undefined where it has none, so that the audit machine's is needed. */
  async function nativeAnswer(model: PreparedModel, claim: ClaimRecord): Promise<readonly Tensor[] | undefined> {
    try {
      return await (await options.runtime(model)).run(inputTensors(model, claim.inputs));
    } catch (err) {
      log.warn({ event: "native-refused", modelId: claim.modelId, err }, "no native answer: asking the audit machine");
      return undefined;
    }
  }

  /** What is wrong with a claim, cheapest look first: native runtime, then the audit machine. */
  async function examine(claim: ClaimRecord): Promise<Finding | undefined> {
    const model = await catalogue.get(claim.modelId);
    const outside = model.graph.inputs.some(
      (spec, i) => firstOutside(fromHex(claim.inputs[i] ?? "0x"), spec) !== undefined,
    );
    if (outside) {
      log.warn(
        { event: "outside-domain", claimId: claim.claimId },
        "an input lies outside the domain; anyone may void the claim",
      );
      return undefined;
    }
    if (model.manifest.profile === "tolerant") {
      const native = await nativeAnswer(model, claim);
      if (native !== undefined && !isSuspicious(model, native, claim.outputs)) return undefined;
    }
    const { outputs } = await evidencer.auditOf(claim);
    return compareWithAudit(model, outputs, claim.outputs);
  }

  /** Examines one answered claim; returns whether an accusation came of it. */
  async function check(claimId: string): Promise<boolean> {
    const claim = findClaim(state, claimId);
    if (claim === undefined) return false;
    const finding = await examine(claim);
    if (finding === undefined) {
      log.info({ event: "checked", claimId, operator: claim.operator }, "answer is right");
      return false;
    }
    log.warn({ event: "suspect", claimId, operator: claim.operator, ...finding }, `answer is ${finding.verdict}`);
    if (finding.verdict === "void") return false;
    const accusation = await makeAccusation({ suite, evidencer, challenger: sender.address, signer, claim, finding });
    accusations.put(accusation.challengeId, accusation);
    return true;
  }

  async function checkAll(): Promise<boolean> {
    const ids = unchecked.entries().map(({ key }) => key);
    const step = async (claimId: string): Promise<boolean> => {
      const accused = await check(claimId);
      unchecked.delete(claimId);
      return accused;
    };
    return stepEach(ids, step, {
      ...{ log, event: "check-failed", message: "cannot check a claim; will try again" },
      about: (claimId) => ({ claimId }),
    });
  }

  async function advance(accusation: Accusation, now: number, head: number): Promise<boolean> {
    const { challengeId, claimId } = accusation;
    const claim = findClaim(state, claimId);
    if (claim === undefined) return false;
    const progress = await accuser.advance(accusation, () => evidencer.materialOf(claim), now, head);
    if (progress !== "done") endings.goesOn(challengeId);
    else if (endings.isFinal(challengeId, head)) accusations.delete(challengeId);
    return progress === "acted";
  }

  const advanceAll = (now: number, head: number): Promise<boolean> =>
    stepEach(
      accusations.entries().map(({ value }) => value),
      (accusation) => advance(accusation, now, head),
      {
        ...{ log, event: "accusation-failed", message: "cannot advance an accusation; will try again" },
        about: ({ challengeId }) => ({ challengeId }),
      },
    );

  /** Forgets claims that are settled and in which no dispute runs that we have a part in. */
  async function forget(head: number): Promise<void> {
    const ours = [
      ...accusations.entries().map(({ value }) => value.claimId),
      ...unchecked.entries().map(({ key }) => key),
    ];
    const needed = new Set([...ours, ...guard.disputed()]);
    for (const claims of [claimsOf(state), receiptsOf(state)])
      await forgetOver(suite, claims, { endings, needed, head });
  }

  async function collect(): Promise<boolean> {
    const acted = await collectFromDisputes(suite, sender);
    if (acted) log.info({ event: "collected" }, "withdrew bonds and rewards");
    return acted;
  }

  return {
    pass: async () => {
      const batch = await feed.next();
      state.atomically(() => {
        for (const event of batch.events) {
          const claim = recordClaim(state, suite.deployment.jobs, event);
          if (claim !== undefined && event.name === "JobAnswered") unchecked.put(claim.claimId, { since: event.block });
        }
        guard.record(batch.events);
        batch.acknowledge();
      });
      let acted = await checkAll();
      if (await advanceAll(batch.now, batch.head)) acted = true;
      if (await guard.advance(batch.now, batch.head)) acted = true;
      metrics?.unchecked.set(unchecked.entries().length);
      metrics?.accusations.set(accusations.entries().length);
      if (!acted) {
        await forget(batch.head);
        acted = await collect();
      }
      return { head: batch.head, acted };
    },
  };
}
