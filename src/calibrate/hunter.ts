import type { AuditGraph, Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import type { RuntimeModel } from "../runtime/runtime.js";
import { readHunt, subjectOf, writeHunt } from "./hunt-file.js";
import { huntRound, newHunt } from "./hunt.js";
import { noisePrey } from "./prey.js";
import { checkSamples } from "./samples.js";
import { fewRuntimes } from "./settings.js";

/** How far a search has come. */
export interface HuntReport {
  /** Largest noise found, as a fraction of the tolerance. */
  readonly ratio: number;
  /** How the input was made. */
  readonly by: string;
  /** Candidates compared on native runtimes, and those judged against the audit answer. */
  readonly screened: number;
  readonly judged: number;
  readonly restarts: number;
  readonly cpuSeconds: number;
  readonly seed: number;
}

export interface Hunter {
  /** Searches for about this long, at least one round, and stores what was found. */
  search(seconds: number): Promise<void>;
  report(): HuntReport;
  release(): Promise<void>;
}

export interface HunterOptions {
  readonly graph: AuditGraph;
  readonly model: RuntimeModel;
  /** Tolerance of every output. */
  readonly atol: readonly number[];
  /** Where the search is kept. */
  readonly path: string;
  readonly seed: number;
  /** Inputs to begin with. */
  readonly starts: readonly (readonly Tensor[])[];
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * A search for the input of a model on which honest hardware is furthest from the audit answer, kept in a file.
 * @throws TouchstoneError `HUNT_EXACT` for models without a tolerance, `SAMPLE_INVALID` for starts outside the domain, `HUNT_FOREIGN`
 * where the file is another search's.
 */
export async function createHunter(options: HunterOptions): Promise<Hunter> {
  const { graph, model, atol, path, seed, starts } = options;
  if (atol.every((x) => x === 0)) {
    throw new TouchstoneError("HUNT_EXACT", "The model is exact: it has no tolerance that noise could exceed.", {
      next: "Nothing to do; its operators answer with the audit machine.",
    });
  }
  checkSamples(graph.inputs, starts);
  const subject = subjectOf(model.bytes, graph.inputs);
  const known = readHunt(path, subject);
  if (known !== undefined && known.atol.join() !== atol.join()) {
    throw new TouchstoneError("HUNT_FOREIGN", `${path} was searched with tolerance ${known.atol.join()}.`, {
      next: "Name another file, or remove this one to begin anew.",
    });
  }
  let { state, cpuSeconds: spent } = known ?? { state: newHunt(seed), cpuSeconds: 0 };
  const runtimes = await fewRuntimes(model);
  const prey = noisePrey(graph, runtimes, atol);
  return {
    search: async (seconds) => {
      const [began, before] = [performance.now(), cpuSeconds()];
      do {
        state = await huntRound(state, prey, starts);
      } while (performance.now() - began < seconds * 1e3);
      spent += cpuSeconds() - before;
      writeHunt(path, subject, { atol, state, cpuSeconds: spent });
    },
    report: () => ({
      ratio: state.best?.score ?? 0,
      by: state.best?.by ?? "none",
      screened: state.screened,
      judged: state.judged,
      restarts: state.restarts,
      cpuSeconds: spent,
      seed: state.seed,
    }),
    release: async () => {
      await Promise.all(runtimes.map((runtime) => runtime.release()));
    },
  };
}
