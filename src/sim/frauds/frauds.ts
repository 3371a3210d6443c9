import type { Logger } from "pino";

import { stale } from "../../calibrate/variants/changed.js";
import { int8 } from "../../calibrate/variants/int8.js";
import type { Suite } from "../../chain/suite.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import type { State } from "../../store/state.js";
import { nativeAnswerer } from "../../worker/answer.js";
import type { Answerer } from "../../worker/worker.js";
import { anotherAnswer } from "./another.js";
import { cheaperModel } from "./cheaper.js";
import { copiedAnswer } from "./copied.js";
import { deviatingAnswer } from "./deviating.js";

/** Ways to answer dishonestly, with what people are told about them. */
export const FRAUDS = {
  another: "another answer than the model's",
  int8: "an int8-quantised, cheaper model",
  stale: "an older version of the model",
  copied: "the output of somebody else's job",
  deviating: "the right answer with one element just out of tolerance",
} as const;

export type Fraud = keyof typeof FRAUDS;

export const isFraud = (name: string): name is Fraud => name in FRAUDS;

export interface FraudTools {
  readonly suite: Suite;
  readonly state: State;
  readonly runtime: RuntimeSettings;
  readonly seed: number;
  /** For `deviating`: multiples of the tolerance, used in turn. */
  readonly factors: readonly number[];
  readonly log: Logger;
}

/** Assigns each claim the next factor of the list, once: a restarted process keeps to what it chose. */
function inTurn(state: State, factors: readonly number[]): (claimId: string) => number {
  const chosen = state.collection<number>("factor");
  return (claimId) => {
    const known = chosen.get(claimId);
    if (known !== undefined) return known;
    const factor = factors[chosen.entries().length % factors.length] ?? 1.01;
    chosen.put(claimId, factor);
    return factor;
  };
}

/** The answers that an operator of this kind gives. */
export function dishonestAnswerer(fraud: Fraud, tools: FraudTools): Answerer {
  const { suite, state, seed, factors, log } = tools;
  const runtime = createRuntimePool(tools.runtime);
  switch (fraud) {
    case "another":
      return anotherAnswer(nativeAnswerer(runtime), seed);
    case "int8":
      return cheaperModel(int8, runtime);
    case "stale":
      return cheaperModel(stale, runtime);
    case "copied":
      return copiedAnswer(suite);
    case "deviating":
      return deviatingAnswer(inTurn(state, factors), seed, (deviation) =>
        log.info({ event: "deviated", ...deviation }, "moved one element out of tolerance"),
      );
  }
}
