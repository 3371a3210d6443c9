import { ZeroAddress } from "ethers";

import type { Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { type ForcedAnswer, forceAnswer } from "./force.js";
import { type ClientModel, infer, type InferResult, type InferTools } from "./infer.js";
import { askEndpoints, type EndpointOffer, findOperators } from "./operators.js";
import { collectRefunds, type Refund } from "./refunds.js";
import { sendReceipt } from "./watcher.js";

export interface ClientOptions extends InferTools {
  /** The model as this client compiled it: an id says nothing about a file that others compiled. */
  readonly model: (modelId: string) => Promise<ClientModel>;
  /** Most that all answers together may cost, in the native coin; what was spent before counts, as `state` knows it. */
  readonly cap: bigint;
  readonly pollMs: number;
  /** Runs the model exactly and tells whether outputs are within tolerance; left out, answers are not recomputed. */
  readonly isRight?: (modelId: string, inputs: readonly Tensor[], outputs: readonly Tensor[]) => Promise<boolean>;
}

export interface Question {
  readonly modelId: string;
  readonly inputs: readonly Tensor[];
  readonly endpoints: readonly URL[];
  /** Most for one answer, in the native coin. */
  readonly maxPrice: bigint;
  /** Most to deposit for vouchers at a time. */
  readonly deposit: bigint;
  /** Who gets the receipt of a wrong answer. */
  readonly watchers: readonly URL[];
  /** On-chain, where every endpoint is silent: stake behind the answer, and seconds to give. Left out, nothing is forced. */
  readonly force?: { readonly lock: bigint; readonly within: number };
}

export type Answer = (
  ({ readonly by: "receipt" } & InferResult) | ({ readonly by: "job"; readonly operator: string } & ForcedAnswer)
) & {
  /** False only where it was recomputed and is wrong. */
  readonly right: boolean | undefined;
};

export interface Client {
  /** @throws TouchstoneError `SPENDING_CAP`, `PRICE_TOO_HIGH`, `NOBODY_ANSWERS`, and what a single endpoint's refusal throws. */
  ask(question: Question): Promise<Answer>;
  spent(): bigint;
  refunds(): Promise<Refund[]>;
}

/** Buys answers: by receipt from the cheapest endpoint that answers, else on-chain from the operator that was silent. */
export function createClient(options: ClientOptions): Client {
  const { suite, sender, state, cap, pollMs, log, isRight } = options;
  const spending = state.collection<bigint>("spending");
  const spent = (): bigint => spending.get("total") ?? 0n;

  /** Counts before it pays: a crash must not make room for more. */
  function spend(amount: bigint): void {
    if (spent() + amount > cap) {
      throw new TouchstoneError("SPENDING_CAP", `${spent()} wei of at most ${cap} are spent, this costs ${amount}.`, {
        next: "Raise the cap if you mean to.",
      });
    }
    spending.put("total", spent() + amount);
  }
  const giveBack = (amount: bigint): void => spending.put("total", spent() - amount);

  async function byReceipt(question: Question, offer: EndpointOffer, model: ClientModel): Promise<Answer> {
    const { price } = offer.terms;
    spend(price);
    let result: InferResult;
    try {
      result = await infer(options, { ...question, endpoint: offer.endpoint, model });
    } catch (thrown) {
      // A voucher that left may be collected; one that was refused or never left is not spent.
      if (!(thrown instanceof TouchstoneError && thrown.code === "ENDPOINT_FAILED")) giveBack(price);
      throw thrown;
    }
    const right = await isRight?.(question.modelId, question.inputs, result.outputs);
    if (right === false) {
      log.warn(
        { event: "wrong-receipt", claimId: result.claimId },
        "the answer is wrong: its receipt goes to watchers",
      );
      for (const watcher of question.watchers) await sendReceipt(watcher, model, result.claim);
    }
    return { by: "receipt", ...result, right };
  }

  async function byJob(question: Question, silent: readonly string[], model: ClientModel): Promise<Answer> {
    const { modelId, inputs, maxPrice, force } = question;
    const nobody = new TouchstoneError("NOBODY_ANSWERS", "No endpoint answers, and no operator can be made to.", {
      next: "Name further endpoints, raise the price, or allow a forced job.",
    });
    if (force === undefined) throw nobody;
    const { lock, within } = force;
    const able = (await findOperators(suite, modelId)).filter(
      ({ price, currency, maxLock, freeStake, minDuration }) =>
        currency === ZeroAddress && price <= maxPrice && lock <= maxLock && lock <= freeStake && within >= minDuration,
    );
    // The one that took a voucher and said nothing has most reason to answer.
    const chosen = able.find(({ operator }) => silent.includes(operator)) ?? able[0];
    if (chosen === undefined) throw nobody;
    const { operator, price } = chosen;
    log.warn({ event: "forced", operator }, "no endpoint answers: a job forces the operator");
    spend(price);
    const request = { modelId, operator, inputs, lock, within, pay: price, outputs: model.graph.outputs };
    try {
      const answer = await forceAnswer({ suite, sender, pollMs }, request);
      return { by: "job", operator, ...answer, right: await isRight?.(modelId, inputs, answer.outputs) };
    } catch (thrown) {
      // Refused before it was sent, or refunded: either way the price is not gone.
      giveBack(price);
      throw thrown;
    }
  }

  return {
    spent,
    refunds: () => collectRefunds({ suite, sender }),
    ask: async (question) => {
      const model = await options.model(question.modelId);
      const offers = await askEndpoints(suite, question.modelId, question.endpoints);
      const fair = offers.filter(({ terms }) => terms.price <= question.maxPrice);
      const [cheapest] = offers;
      if (cheapest !== undefined && fair.length === 0) {
        throw new TouchstoneError(
          "PRICE_TOO_HIGH",
          `An answer costs ${cheapest.terms.price} at least, more than ${question.maxPrice}.`,
          { next: "Allow a higher price, or name another endpoint." },
        );
      }
      const silent: string[] = [];
      for (const offer of fair) {
        try {
          return await byReceipt(question, offer, model);
        } catch (thrown) {
          if (!(thrown instanceof TouchstoneError && thrown.retryable)) throw thrown;
          silent.push(offer.terms.operator);
        }
      }
      return byJob(question, silent, model);
    },
  };
}
