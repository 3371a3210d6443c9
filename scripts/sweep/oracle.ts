import { TouchstoneError } from "../../src/errors.js";
import { compileAssembly } from "../support/assembly.js";

/** What assembly/oracle.ts exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly eventsAt: () => number;
  readonly takeEvents: () => number;
  readonly takeUndecided: () => number;
  readonly lost: () => number;
  readonly resultsAt: () => number;
  readonly parametersAt: () => number;
  readonly operandsAt: () => number;
  readonly fill: (first: number) => void;
  readonly checkRun: (
    a: number,
    b: number,
    at: number,
    count: number,
    expected: number,
    step: number,
    flip: number,
  ) => void;
  readonly checkPolynomial: (a: number, b: number, at: number, count: number, flip: number) => void;
  readonly checkAngles: (
    which: number,
    row: number,
    a: number,
    b: number,
    at: number,
    count: number,
    flip: number,
  ) => void;
  readonly fillNarrow: (first: number, bytes: number, count: number) => void;
  readonly checkExact: (fn: number, from: number, to: number, size: number, first: number, count: number) => void;
  readonly exactBits: (fn: number, from: number, to: number, size: number, operand: number) => bigint;
}

export interface Event {
  readonly kind: "mismatch" | "hard" | "tie";
  /** Which of the compared results: negative places are those of the second sign, -1 - place. */
  readonly place: number;
  /** From the nearest midpoint, in units in the last place. */
  readonly distance: number;
}

export interface Oracle extends Omit<Exports, "takeEvents" | "lost"> {
  /** The events since the last call, which leaves none. */
  readonly events: () => Event[];
}

const KINDS = ["mismatch", "hard", "tie"] as const;

/** Operands of one sign that are compared at a time. */
export const CHUNK = 2 ** 16;

/** Compiles the oracle; no binary is kept, so that what runs is what the source says. */
export async function createOracle(): Promise<Oracle> {
  const binary = await compileAssembly("scripts/sweep/assembly/oracle.ts");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(binary)));
  const exports = instance.exports as unknown as Exports;
  return {
    ...exports,
    events: () => {
      const count = exports.takeEvents();
      if (exports.lost() > 0) {
        throw new TouchstoneError("EVENTS_LOST", `${exports.lost()} events had no room`, {
          next: "The results are wrong nearly everywhere, or EVENTS in the oracle is too small.",
        });
      }
      const data = new Float64Array(exports.memory.buffer, exports.eventsAt(), 3 * count);
      return Array.from({ length: count }, (_, i) => ({
        kind: KINDS[data[3 * i]! - 1]!,
        place: data[3 * i + 1]!,
        distance: data[3 * i + 2]!,
      }));
    },
  };
}
