import type { Logger } from "pino";

import { tensorBytes, toHex } from "../audit/bytes.js";
import { createRandom, generateInput, KINDS } from "../calibrate/inputs.js";
import type { Tensor } from "../audit/graph.js";
import { isSuspicious } from "../dispute/examine.js";
import { TouchstoneError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import type { PreparedModel } from "../models/prepared.js";
import type { Sessions } from "../runtime/sessions.js";
import { auditAnswer } from "./answer.js";

/** Compares what this machine answers natively with the audit machine, before a model is served and while it is. */
export interface SelfTest {
  /**
   * The runtime of a model, once it has answered like the audit machine.
   * @throws TouchstoneError `SELF_TEST_FAILED` where it did not, `MODEL_REFUSED_BY_RUNTIME` and others where there is none.
   */
  runtime(model: PreparedModel): Promise<Sessions>;
  /** Why a model is not served natively now; undefined where it is. */
  maintenance(model: PreparedModel): string | undefined;
  /** Tests one model again that is due, if any is. A model whose results are back in their noise is served again. */
  repeat(): Promise<void>;
}

export interface SelfTestOptions {
  readonly runtime: (model: PreparedModel) => Promise<Sessions>;
  /** Pause between two tests of one model; an audit run each, in which nothing else is answered. */
  readonly everyMs: number;
  /** Of the inputs; printed with every result. */
  readonly seed: number;
  readonly log: Logger;
  readonly now?: () => number;
  readonly metrics?: Metrics;
}

const FAILED = "SELF_TEST_FAILED";

interface Tested {
  readonly model: PreparedModel;
  readonly loading: Promise<Sessions>;
  at: number;
  rounds: number;
  failure: TouchstoneError | undefined;
}

/** @throws TouchstoneError `SELF_TEST_FAILED` where a native answer differs by more than honest hardware does. */
async function compare(model: PreparedModel, runtime: Sessions, seed: number, rounds: number): Promise<void> {
  // Nothing but the audit machine answers for these: there is no noise to be within.
  if (model.manifest.profile === "exact") return;
  const random = createRandom(seed + rounds);
  const kind = KINDS[rounds % KINDS.length]!;
  const draw = (): Tensor[] => model.graph.inputs.map((spec) => generateInput(spec, kind, random));
  const inputs = draw();
  const audited = auditAnswer(model, inputs).map((tensor) => toHex(tensorBytes(tensor)));
  const check = (outputs: readonly Tensor[], how: string): void => {
    if (!isSuspicious(model, outputs, audited)) return;
    throw new TouchstoneError(
      FAILED,
      `${runtime.label} differs from the audit machine by more than the published noise (${kind} input${how}, seed ${seed + rounds}).`,
      {
        next: "Change --provider, --optimisation or the hardware. Until then the model is not served by HTTP, and jobs are audited.",
      },
    );
  };
  check(await runtime.run(inputs), "");
  if (runtime.batch === 1) return;
  // Each place among others comes in turn.
  const place = rounds % runtime.batch;
  const requests = Array.from({ length: runtime.batch }, (_, i) => (i === place ? inputs : draw()));
  check((await runtime.together(requests))[place]!, ` in a batch of ${runtime.batch}`);
}

export function createSelfTest({
  runtime,
  everyMs,
  seed,
  log,
  metrics,
  now = () => performance.now(),
}: SelfTestOptions): SelfTest {
  const tested = new Map<string, Tested>();

  async function test(entry: Tested): Promise<void> {
    const { model, loading } = entry;
    const { contentId } = model;
    // Throws where there is no native runtime for a model: the audit machine answers for it then, whatever a test says.
    const native = await loading;
    let failure: TouchstoneError | undefined;
    try {
      // The first run warms up.
      await compare(model, native, seed, entry.rounds++);
    } catch (thrown) {
      // An input that the runtime refuses is answered by the audit machine, and says nothing about the others.
      if (thrown instanceof TouchstoneError && thrown.code === FAILED) failure = thrown;
      else log.warn({ event: "self-test-refused", contentId, err: thrown }, "the runtime refused a self-test's input");
    }
    entry.at = now();
    metrics?.maintenance.set({ model: contentId }, failure === undefined ? 0 : 1);
    if (failure?.code !== entry.failure?.code || entry.rounds === 1) {
      if (failure === undefined)
        log.info({ event: "self-tested", contentId, seed }, "native answers are those of the audit machine");
      else log.error({ event: "maintenance", contentId, seed, err: failure }, "the model is not served natively");
    }
    entry.failure = failure;
  }

  const first = new Map<string, Promise<Tested>>();
  function entryOf(model: PreparedModel): Promise<Tested> {
    const known = first.get(model.contentId);
    if (known !== undefined) return known;
    const fresh = (async () => {
      const loading = runtime(model);
      const entry: Tested = { model, loading, at: 0, rounds: 0, failure: undefined };
      await test(entry);
      tested.set(model.contentId, entry);
      return entry;
    })();
    first.set(model.contentId, fresh);
    return fresh;
  }

  return {
    runtime: async (model) => {
      const { loading, failure } = await entryOf(model);
      if (failure !== undefined) throw failure;
      return loading;
    },
    maintenance: ({ contentId }) => tested.get(contentId)?.failure?.message,
    repeat: async () => {
      const due = [...tested.values()].find(({ at }) => now() - at >= everyMs);
      if (due !== undefined) await test(due);
    },
  };
}
