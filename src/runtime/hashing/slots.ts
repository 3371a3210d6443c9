import { DTYPE_CODE, type DType } from "../../audit/graph.js";
import { HASH } from "../../audit/merkle.js";
import { LEAF, partRoot } from "../../audit/tree.js";

/*
 * Memory that threads share to hash parts of tensors: slots, each for the elements of one part and its root. The producer fills free
 * slots and publishes them; whoever is free, the producer too, takes one, hashes it and marks it done.
 */

/** Height of a part, and its bytes: about a millisecond of hashing. */
export const PART_HEIGHT = 10;
export const PART_BYTES = LEAF * 2 ** PART_HEIGHT;

/** Most slots; memory that is never published costs nothing. */
const SLOTS = 64;

/** States of a slot. */
const FREE = 0;
const READY = 1;
const TAKEN = 2;
const DONE = 3;

/** Words in front of the slots. `PUBLISHED` and `FINISHED` count events and are waited on. */
const PUBLISHED = 0;
const FINISHED = 1;
const CLOSED = 2;
const HEADER_WORDS = 4;
/** Words of a slot's description. */
const STATE = 0;
const DTYPE = 1;
const BYTES = 2;
const HEIGHT = 3;
const SLOT_WORDS = 4;

const DTYPE_OF_CODE = new Map(Object.entries(DTYPE_CODE).map(([dtype, code]) => [code, dtype as DType]));

export interface Part {
  readonly host: Uint8Array;
  readonly dtype: DType;
  readonly height: number;
}

export interface Slots {
  /** Fills one of the first `limit` slots and publishes it; undefined where none of them is free. */
  publish(part: Part, limit?: number): number | undefined;
  /** Hashes a published part, if there is one that nobody has taken. */
  work(): boolean;
  /** Hands every root that is done to `receive` and frees its slot. */
  collect(receive: (slot: number, root: Uint8Array) => void): void;
  /** Number of events so far, to wait for the next one. */
  finished(): number;
  /** Sleeps until a part is done after the `seen` events. */
  awaitFinished(seen: number): void;
  /** Hashes whatever is published until `close` is called. */
  serve(): void;
  close(): void;
}

/** Memory for `createSlots`. */
export function slotMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * (HEADER_WORDS + SLOTS * SLOT_WORDS) + SLOTS * (HASH + PART_BYTES));
}

/** One thread's view of the slots. */
export function createSlots(memory: SharedArrayBuffer): Slots {
  const words = new Int32Array(memory, 0, HEADER_WORDS + SLOTS * SLOT_WORDS);
  const wordOf = (slot: number, word: number): number => HEADER_WORDS + slot * SLOT_WORDS + word;
  const rootOf = (slot: number): Uint8Array => new Uint8Array(memory, words.byteLength + slot * HASH, HASH);
  const dataOf = (slot: number, bytes: number): Uint8Array =>
    new Uint8Array(memory, words.byteLength + SLOTS * HASH + slot * PART_BYTES, bytes);

  /** Moves some slot from one state to another; undefined where none is in the first. */
  function claim(from: number, to: number, limit = SLOTS): number | undefined {
    for (let slot = 0; slot < Math.min(limit, SLOTS); slot++) {
      if (Atomics.compareExchange(words, wordOf(slot, STATE), from, to) === from) return slot;
    }
    return undefined;
  }

  function move(slot: number, to: number, event: number): void {
    Atomics.store(words, wordOf(slot, STATE), to);
    Atomics.add(words, event, 1);
    Atomics.notify(words, event);
  }

  function work(): boolean {
    const slot = claim(READY, TAKEN);
    if (slot === undefined) return false;
    try {
      const dtype = DTYPE_OF_CODE.get(words[wordOf(slot, DTYPE)]!)!;
      const host = dataOf(slot, words[wordOf(slot, BYTES)]!);
      rootOf(slot).set(partRoot({ host, dtype, height: words[wordOf(slot, HEIGHT)]! }));
    } catch (thrown) {
      // Somebody else may do better, and nobody waits for ever.
      move(slot, READY, FINISHED);
      throw thrown;
    }
    move(slot, DONE, FINISHED);
    return true;
  }

  return {
    publish: ({ host, dtype, height }, limit) => {
      // Only the producer frees and fills slots.
      const slot = claim(FREE, TAKEN, limit);
      if (slot === undefined) return undefined;
      dataOf(slot, host.length).set(host);
      words[wordOf(slot, DTYPE)] = DTYPE_CODE[dtype];
      words[wordOf(slot, BYTES)] = host.length;
      words[wordOf(slot, HEIGHT)] = height;
      move(slot, READY, PUBLISHED);
      return slot;
    },
    work,
    collect: (receive) => {
      for (let slot = 0; slot < SLOTS; slot++) {
        if (Atomics.load(words, wordOf(slot, STATE)) !== DONE) continue;
        receive(slot, rootOf(slot));
        Atomics.store(words, wordOf(slot, STATE), FREE);
      }
    },
    finished: () => Atomics.load(words, FINISHED),
    awaitFinished: (seen) => void Atomics.wait(words, FINISHED, seen),
    serve: () => {
      for (;;) {
        const seen = Atomics.load(words, PUBLISHED);
        if (Atomics.load(words, CLOSED) === 1) return;
        if (!work()) Atomics.wait(words, PUBLISHED, seen);
      }
    },
    close: () => {
      Atomics.store(words, CLOSED, 1);
      Atomics.add(words, PUBLISHED, 1);
      Atomics.notify(words, PUBLISHED);
    },
  };
}
