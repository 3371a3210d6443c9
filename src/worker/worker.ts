import { ZeroAddress } from "ethers";
import type { Logger } from "pino";

import { fromHex, tensorBytes, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { tensorTreeOfBytes } from "../audit/tree.js";
import { createFeed } from "../chain/feed.js";
import { stepAll, stepEach, type PassResult } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { claimsOf, fetchClaim, isOver, LOOKS, receiptsOf, recordClaim, type JobClaim } from "../dispute/claims.js";
import { collectFromDisputes } from "../dispute/collect.js";
import { createEndings } from "../dispute/endings.js";
import type { Guard } from "../dispute/guard.js";
import { openElement } from "../dispute/openings.js";
import { ClaimStatus, claimStatusName, tolerantSend } from "../dispute/protocol.js";
import type { Metrics } from "../metrics.js";
import type { Catalogue } from "../models/catalogue.js";
import { firstOutside } from "../models/domain.js";
import { inputTensors, type PreparedModel } from "../models/prepared.js";
import { createRound } from "../store/round.js";
import type { State } from "../store/state.js";
import { createReservations } from "./reservations.js";

/** How a worker comes to its answers. */
export type Answerer = (model: PreparedModel, inputs: readonly Tensor[], claimId: string) => Promise<readonly Tensor[]>;

export interface WorkerOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly answer: Answerer;
  /** Refutes false challenges against this operator's claims. */
  readonly guard: Guard;
  /** The operator (owner address) that this worker answers for. */
  readonly operator: string;
  /** Vouchers are collected as soon as one pays this much (see `createReservations`). */
  readonly collectFrom: bigint;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "answers" | "margin">;
}

/** Longer than a reorganisation can take back, in seconds. */
const SURE_SECONDS = 3_600;
/** Reservations whose windows are remembered. */
const MOST_WINDOWS = 10_000;

/** Answers an operator's jobs, finalises them, collects fees and defends its claims. */
export function createWorker(options: WorkerOptions): { readonly pass: () => Promise<PassResult> } {
  const { suite, sender, state, catalogue, guard, operator, log, metrics } = options;
  const { jobs, offers } = suite;
  const claims = claimsOf(state);
  const issued = receiptsOf(state);
  const requests = state.collection<string>("request");
  const reservations = createReservations(options);
  const endings = createEndings(state);
  const round = createRound(issued, LOOKS);
  const windows = new Map<string, number>();
  const feed = createFeed(suite, state);
  /** Answers are kept, so that a crash between computing and sending never leads to two different ones. */
  const answers = state.collection<string[]>("answer");
  /** Jobs of others that came here by a draw, or will be drawn again, and are not read yet. */
  const unread = state.collection<true>("unread");

  async function answerOf(claim: JobClaim, model: PreparedModel): Promise<string[]> {
    const known = answers.get(claim.claimId);
    if (known !== undefined) return known;
    const outputs = await options.answer(model, inputTensors(model, claim.inputs), claim.claimId);
    const bytes = outputs.map((tensor) => toHex(tensorBytes(tensor)));
    answers.put(claim.claimId, bytes);
    return bytes;
  }

  /** Declines a job whose inputs lie outside the domain; returns whether it did. */
  async function declined(claim: JobClaim, model: PreparedModel): Promise<boolean> {
    const bytes = claim.inputs.map(fromHex);
    for (const [i, spec] of model.graph.inputs.entries()) {
      const element = firstOutside(bytes[i] ?? new Uint8Array(), spec);
      if (element === undefined) continue;
      const trees = bytes.map((each, k) => tensorTreeOfBytes(each, model.graph.inputs[k]?.dtype ?? "u8"));
      const opening = openElement(trees, i, element);
      await tolerantSend(sender, await jobs.decline.populateTransaction(claim.terms, opening), ["WrongStatus"]);
      log.warn({ event: "declined", claimId: claim.claimId, input: i, element }, "declined: input outside the domain");
      return true;
    }
    return false;
  }

  async function submit(claim: JobClaim): Promise<void> {
    const model = await catalogue.get(claim.modelId);
    if (await declined(claim, model)) return;
    const outputs = await answerOf(claim, model);
    const sent = await tolerantSend(sender, await jobs.submit.populateTransaction(claim.terms, outputs), [
      "WrongStatus",
    ]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "answered", claimId: claim.claimId, modelId: claim.modelId, gas }, "answered a job");
  }

  /** Draws a job's operator where that is this one; returns whether anything was sent. */
  async function draw({ claimId, modelId, terms }: JobClaim, head: number): Promise<boolean> {
    const [seedBlock, epoch] = await offers.drawOf(suite.deployment.jobs, claimId);
    // Nodes differ in what a call sees as the number of its block: one later, all of them know the seed.
    if (BigInt(head) <= seedBlock) return false;
    // Whom the seed names is known before anybody pays for the draw.
    if ((await offers.weightOf(modelId, operator, epoch)) === 0n) return false;
    if ((await jobs.draw.staticCall(terms)) !== operator) return false;
    const sent = await tolerantSend(sender, await jobs.draw.populateTransaction(terms), [
      "WrongStatus",
      "SeedNotKnown",
    ]);
    if (sent) log.info({ event: "drawn", claimId, modelId, gas: sent.gasUsed.toString() }, "drawn for a job");
    return sent !== undefined;
  }

  /** Does what one claim needs at protocol time `now` in block `head`; returns whether anything was sent. */
  async function tend(claim: JobClaim, now: number, head: number): Promise<boolean> {
    const job = await jobs.job(claim.claimId);
    if (job.operator !== ZeroAddress && job.operator !== operator) {
      // Somebody else was drawn.
      state.atomically(() => {
        claims.delete(claim.claimId);
        answers.delete(claim.claimId);
      });
      return false;
    }
    switch (Number(job.status)) {
      case ClaimStatus.Drawing:
        return draw(claim, head);
      case ClaimStatus.Assigned:
        endings.goesOn(claim.claimId);
        if (now >= Number(job.deadline)) return false;
        await submit(claim);
        metrics?.margin.observe({ deadline: "answer" }, Number(job.deadline) - now);
        metrics?.answers.inc({ kind: "job" });
        return true;
      case ClaimStatus.Answered: {
        endings.goesOn(claim.claimId);
        if (now <= Number(job.challengeDeadline) || job.openChallenges > 0n) return false;
        const outputs = claim.terms.callback === ZeroAddress ? [] : [...claim.outputs];
        const sent = await tolerantSend(sender, await jobs.finalise.populateTransaction(claim.terms, outputs), [
          "WrongStatus",
          "Challenged",
        ]);
        if (sent) log.info({ event: "finalised", claimId: claim.claimId, gas: sent.gasUsed.toString() }, "fee earned");
        return sent !== undefined;
      }
      default: {
        if (guard.disputed().has(claim.claimId) || !endings.isFinal(claim.claimId, head)) return false;
        const outcome = claimStatusName(Number(job.status));
        log.info({ event: "closed", claimId: claim.claimId, outcome }, `job is ${outcome}`);
        claims.delete(claim.claimId);
        answers.delete(claim.claimId);
        return false;
      }
    }
  }

  /** Seconds from the issue of a receipt of a reservation until it can't be challenged any more. */
  async function windowOf(reservation: string): Promise<number> {
    const known = windows.get(reservation);
    if (known !== undefined) return known;
    const window = Number((await suite.receipts.reservationOf(reservation)).window);
    if (windows.size >= MOST_WINDOWS) windows.clear();
    windows.set(reservation, window);
    return window;
  }

  /**
   * Inputs of receipts are kept until nobody can challenge them. There may be a hundred thousand that somebody can: none is asked about
   * before its time, and few in one pass.
   */
  async function forget(now: number): Promise<false> {
    for (const { key, value } of round()) {
      const { reservation, requestId, issuedAt } = value.receipt.receipt;
      // Protocol time is never ahead of chain time, in which receipts are issued.
      if (now <= issuedAt + (await windowOf(reservation)) + SURE_SECONDS || !(await isOver(suite, value))) continue;
      state.atomically(() => {
        issued.delete(key);
        requests.delete(`${reservation}:${requestId}`);
      });
    }
    return false;
  }

  async function collect(): Promise<boolean> {
    if (await collectFromDisputes(suite, sender)) {
      log.info({ event: "collected", account: sender.address }, "withdrew rewards of defences");
      return true;
    }
    // What deliveries paid is credited to whoever finalised, which is this key.
    for (const account of new Set([await suite.profiles.payoutOf(operator), sender.address])) {
      for (const currency of await suite.hub.currencies()) {
        const done = ["NothingToWithdraw"];
        const fees = await jobs.creditOf(currency, account);
        const vouchers = await suite.receipts.creditOf(currency, account);
        if (fees === 0n && vouchers === 0n) continue;
        if (fees > 0n) await tolerantSend(sender, await jobs.withdraw.populateTransaction(currency, account), done);
        if (vouchers > 0n) {
          await tolerantSend(sender, await suite.receipts.withdraw.populateTransaction(currency, account), done);
        }
        log.info({ event: "collected", account, currency }, "withdrew earned fees");
        return true;
      }
    }
    return false;
  }

  const tendAll = (now: number, head: number): Promise<boolean> =>
    stepEach(
      claims.entries().map(({ value }) => value),
      (claim) => tend(claim, now, head),
      { log, event: "job-failed", message: "cannot serve a job", about: ({ claimId }) => ({ claimId }) },
    );

  /** Reads jobs that another operator missed; returns whether there were any. */
  async function readUnread(): Promise<boolean> {
    const keys = unread.entries().map(({ key }) => key);
    for (const key of keys) {
      const claim = await fetchClaim(suite, key);
      state.atomically(() => {
        if (claim !== undefined) claims.put(key, claim);
        unread.delete(key);
      });
    }
    return keys.length > 0;
  }

  return {
    pass: async () => {
      const { head, now } = await feed.follow((events) => {
        for (const event of events) {
          // Jobs that name nobody may come here by a draw, and so may those that somebody missed.
          const named = event.args.toObject()["operator"] as string | undefined;
          const missed = event.name === "JobMissed";
          if (event.contract === "jobs" && !missed && named !== operator && named !== ZeroAddress) continue;
          const known = recordClaim(state, suite.deployment.jobs, event);
          if (missed || (event.name === "JobAssigned" && known === undefined)) {
            unread.put(event.args.getValue("jobId") as string, true);
          }
        }
        guard.record(events);
        reservations.record(events);
      });
      // What has deadlines comes before money.
      const steps = [
        () => guard.advance(now, head),
        () => tendAll(now, head),
        () => readUnread(),
        () => reservations.advance(head),
        (acted: boolean) => !acted && forget(now),
        (acted: boolean) => !acted && collect(),
      ];
      return { head, acted: await stepAll(steps, log) };
    },
  };
}
