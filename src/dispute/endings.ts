import type { State } from "../store/state.js";

/** Blocks that a reorganisation may take back. */
const DEPTH = 64;

/**
 * What is over is remembered for as long as a reorganisation can undo it: an execution or a finalisation that vanishes has to be
 * done again, by whoever did it before.
 */
export interface Endings {
  /** Whether something that is over in block `head` was so in all blocks that could still change. Ask in every pass. */
  isFinal(key: string, head: number): boolean;
  /** It is not over, or not any more. */
  goesOn(key: string): void;
}

export function createEndings(state: State): Endings {
  const since = state.collection<number>("ended");
  return {
    isFinal: (key, head) => {
      const first = since.get(key);
      if (first === undefined || first > head) {
        since.put(key, head);
        return false;
      }
      if (head - first <= DEPTH) return false;
      since.delete(key);
      return true;
    },
    goesOn: (key) => {
      if (since.get(key) !== undefined) since.delete(key);
    },
  };
}
