import { availableParallelism, loadavg } from "node:os";

/** How long something may take, on a machine that has nothing else to do. */
export interface Patience {
  /** Whether it took longer. Has to be asked now and then: load counts as it was between two questions. */
  isOver(): boolean;
  /** Begins anew. */
  renew(): void;
}

export interface PatienceOptions {
  /** Milliseconds. */
  readonly now?: () => number;
  /** Processes that want to run, for each processor. */
  readonly load?: () => number;
}

const loadHere = (): number => loadavg()[0]! / availableParallelism();

/**
 * Patience that does not hang on what else the machine does: while three processes want each processor, its time passes at a third of
 * the pace. Where the system tells no load it passes like any time.
 */
export function createPatience(ms: number, options: PatienceOptions = {}): Patience {
  const { now = () => performance.now(), load = loadHere } = options;
  let last = now();
  let spent = 0;
  return {
    isOver: () => {
      const at = now();
      spent += (at - last) / Math.max(1, load());
      last = at;
      return spent > ms;
    },
    renew: () => {
      last = now();
      spent = 0;
    },
  };
}
