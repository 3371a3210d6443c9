import { TouchstoneError } from "../../src/errors.js";

/** Parses the value of an option `--<flag>` that takes a whole number from 1 to `most`. */
export const whole =
  (flag: string, most: number) =>
  (text: string): number => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= 1 && n <= most) return n;
    throw new TouchstoneError("OPTION_INVALID", `--${flag} is ${text}`, {
      next: `Give a whole number from 1 to ${most}.`,
    });
  };

/** Every n-th part of something. */
export interface Shard {
  /** From 1 on. */
  readonly index: number;
  readonly count: number;
}

/** All of it. */
export const WHOLE: Shard = { index: 1, count: 1 };
const MOST_SHARDS = 128;

/**
 * Parses `i/n`.
 * @throws TouchstoneError `BAD_SHARD`
 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index >= 1 && index <= count && count <= MOST_SHARDS)) {
    throw new TouchstoneError("BAD_SHARD", `${text} names no shard`, {
      next: `Say the shard and how many there are, from 1/1 to ${MOST_SHARDS}/${MOST_SHARDS}.`,
    });
  }
  return { index, count };
}
