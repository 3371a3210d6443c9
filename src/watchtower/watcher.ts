import type { Logger } from "pino";

import { fromHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { createFeed } from "../chain/feed.js";
import { stepAll, stepEach, type PassResult } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createAccuser, type Accusation } from "../dispute/accuse.js";
import { claimsOf, createForgetting, findClaim, receiptsOf, recordClaim, type ClaimRecord } from "../dispute/claims.js";
import { collectFromDisputes } from "../dispute/collect.js";
import { createEndings } from "../dispute/endings.js";
import type { Evidencer } from "../dispute/evidence.js";
import { compareWithAudit, isSuspicious, type Finding } from "../dispute/examine.js";
import type { Guard } from "../dispute/guard.js";
import { makeAccusation, type SaltKey } from "../dispute/make-accusation.js";
import { TouchstoneError } from "../errors.js";
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
  readonly now?: () => number;
}

/** How long nobody looks again for a model that can't be had. */
const AGAIN_MS = 60_000;

/** Answered claims that wait to be checked, by id. */
export const uncheckedOf = (state: State): Collection<{ since: number }> => state.collection("unchecked");

/** Re-runs published claims, challenges the wrong ones, and defends the others against false challenges. */
export function createWatcher(options: WatcherOptions): { readonly pass: () => Promise<PassResult> } {
  const { suite, sender, signer, state, catalogue, evidencer, guard, log, metrics } = options;
  const { now: clock = () => performance.now() } = options;
  const unchecked = uncheckedOf(state);
  const accusations = state.collection<Accusation>("accusation");
  const feed = createFeed(suite, state);
  const endings = createEndings(state);
  const accuser = createAccuser(options);
  const forgettings = [claimsOf(state), receiptsOf(state)].map((claims) => createForgetting(suite, claims, endings));
  /** Models that can't be had, and when they are looked for again. */
  const unusable = new Map<string, number>();

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

  /** Whether a model is here. Claims of one that is not wait, until it is or they can't be challenged any more. */
  async function isWatched(modelId: string): Promise<boolean> {
    if (clock() < (unusable.get(modelId) ?? -Infinity)) return false;
    try {
      await catalogue.get(modelId);
      unusable.delete(modelId);
      return true;
    } catch (err) {
      if (!(err instanceof TouchstoneError) || err.retryable) throw err;
      const level = err.code === "MODEL_MISSING" ? "warn" : "error";
      if (!unusable.has(modelId))
        log[level]({ event: "not-watched", modelId, err }, "claims of a model are not checked");
      unusable.set(modelId, clock() + AGAIN_MS);
      return false;
    }
  }

  /** Examines one answered claim; returns whether an accusation came of it. */
  async function check(claim: ClaimRecord): Promise<boolean> {
    const { claimId } = claim;
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
    let unwatched = 0;
    const step = async (claimId: string): Promise<boolean> => {
      const claim = findClaim(state, claimId);
      if (claim !== undefined && !(await isWatched(claim.modelId))) {
        unwatched++;
        return false;
      }
      const accused = claim !== undefined && (await check(claim));
      unchecked.delete(claimId);
      return accused;
    };
    const accused = await stepEach(ids, step, {
      ...{ log, event: "check-failed", message: "cannot check a claim; will try again" },
      about: (claimId) => ({ claimId }),
    });
    metrics?.unchecked.set(unchecked.entries().length - unwatched);
    return accused;
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

  /** Forgets claims that are settled and in which no dispute runs that we have a part in, checked or not. */
  async function forget(head: number): Promise<false> {
    const needed = new Set([...accusations.entries().map(({ value }) => value.claimId), ...guard.disputed()]);
    for (const forgetSome of forgettings) await forgetSome(needed, head);
    return false;
  }

  async function collect(): Promise<boolean> {
    const acted = await collectFromDisputes(suite, sender);
    if (acted) log.info({ event: "collected" }, "withdrew bonds and rewards");
    return acted;
  }

  return {
    pass: async () => {
      const { head, now } = await feed.follow((events) => {
        for (const event of events) {
          const claim = recordClaim(state, suite.deployment.jobs, event);
          if (claim !== undefined && event.name === "JobAnswered") unchecked.put(claim.claimId, { since: event.block });
        }
        guard.record(events);
      });
      const steps = [
        () => checkAll(),
        () => advanceAll(now, head),
        () => guard.advance(now, head),
        (acted: boolean) => !acted && forget(head),
        (acted: boolean) => !acted && collect(),
      ];
      const acted = await stepAll(steps, log);
      metrics?.accusations.set(accusations.entries().length);
      return { head, acted };
    },
  };
}
