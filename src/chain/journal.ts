import type { Fees } from "./fees.js";

/** One broadcast of a transaction; a replacement has the same nonce and call, and offers more. */
export interface Attempt {
  readonly hash: string;
  /** Signed; absent where a node holds the key. */
  readonly raw?: string;
  readonly fees: Fees;
}

/** A transaction that may be on its way. */
export interface Flight {
  readonly nonce: number;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
  /** Oldest first; any of them may be mined. */
  readonly attempts: readonly Attempt[];
}

/**
 * Where a sender keeps what is on its way: written before anything leaves, so that after a crash the same transaction is waited for
 * or sent again, and never a second one with another nonce. A collection of a role's state is one.
 */
export interface Journal {
  entries(): { readonly key: string; readonly value: Flight }[];
  put(key: string, flight: Flight): void;
  delete(key: string): void;
}

/** A journal for processes that do one thing and end: what they sent is forgotten with them. */
export function memoryJournal(): Journal {
  const flights = new Map<string, Flight>();
  return {
    entries: () => [...flights].map(([key, value]) => ({ key, value })),
    put: (key, flight) => void flights.set(key, flight),
    delete: (key) => void flights.delete(key),
  };
}
