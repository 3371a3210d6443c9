import { InvalidArgumentError, Option } from "commander";
import { getAddress, parseEther, ZeroAddress } from "ethers";

/** Parsers of command-line arguments; commander shows their messages beside the argument's name. */

export function address(text: string): string {
  try {
    return getAddress(text);
  } catch {
    throw new InvalidArgumentError("Give an address: 0x and 40 hex digits.");
  }
}

export function id(text: string): string {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError("Give an id: 0x and 64 hex digits.");
  return text.toLowerCase();
}

/** Tokens or coins with 18 decimals, e.g. 1.5. */
export function amount(text: string): bigint {
  let value = -1n;
  try {
    value = parseEther(text);
  } catch {
    // No number, or more decimals than there are: told below.
  }
  if (value < 0n) throw new InvalidArgumentError("Give an amount such as 100 or 0.25.");
  return value;
}

/** An option for an amount; the default stands in the help as people write it. */
export const amountOption = (flags: string, description: string, fallback: string): Option =>
  new Option(flags, description).argParser(amount).default(amount(fallback), fallback);

/** An option for the token that is paid in: the native coin unless it is given. */
export const currencyOption = (description: string): Option =>
  new Option("--currency <token>", description).argParser(address).default(ZeroAddress, "native coin");

export function integer(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("Give a whole number, not negative.");
  }
  return value;
}

/** A whole number above zero. */
export function count(text: string): number {
  const value = integer(text);
  if (value === 0) throw new InvalidArgumentError("Give a whole number above zero.");
  return value;
}

/** A percentage with at most two decimals, in hundredths of a percent. */
export function basisPoints(text: string): number {
  const value = Math.round(Number(text) * 100);
  if (!/^\d+(\.\d{1,2})?$/.test(text) || value > 10_000) {
    throw new InvalidArgumentError("Give a percentage from 0 to 100 with at most two decimals.");
  }
  return value;
}

/** A number that is not negative, e.g. 0.5. */
export function real(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("Give a number, not negative.");
  }
  return value;
}

/** Seconds, or a number with a unit: 90, 15m, 24h, 7d. */
export function duration(text: string): number {
  const match = /^(\d+)([smhd]?)$/.exec(text);
  const unit = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 }[match?.[2] ?? "?"];
  const seconds = Number(match?.[1]) * (unit ?? NaN);
  // A time of the chain has 48 bits.
  if (!(seconds < 2 ** 48)) throw new InvalidArgumentError("Give a duration such as 90 (seconds), 15m or 24h.");
  return seconds;
}

export const collect = (value: string, previous: string[]): string[] => [...previous, value];

export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

/** Parses `name=value` options that may be repeated. */
export function named<T>(parse: (text: string) => T): (text: string, previous: Named<T>[]) => Named<T>[] {
  return (text, previous) => {
    const at = text.indexOf("=");
    if (at < 1) throw new InvalidArgumentError("Give name=value.");
    return [...previous, { name: text.slice(0, at), value: parse(text.slice(at + 1)) }];
  };
}

export const byName = <T>(pairs: readonly Named<T>[]): Record<string, T> =>
  Object.fromEntries(pairs.map(({ name, value }) => [name, value]));

/** Where to listen: 127.0.0.1:8700, or [::1]:8700. */
export function listen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw new InvalidArgumentError("Give host:port, e.g. 127.0.0.1:8700.");
  return { host, port };
}

export function url(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError("Give an address such as http://127.0.0.1:8700.");
  }
  const parsed = new URL(text);
  // `fetch` takes none, and quotes the whole address where it says so.
  if (parsed.username !== "" || parsed.password !== "") {
    throw new InvalidArgumentError(`An address with a user name or password is not taken: ${parsed.origin}.`);
  }
  return parsed;
}

/** A closed range: 0:255. */
export function range(text: string): { lo: number; hi: number } {
  const ends = text.split(":");
  const [lo = NaN, hi = NaN] = ends.map((end) => (end.trim() === "" ? NaN : Number(end)));
  if (ends.length !== 2 || !Number.isFinite(lo) || !Number.isFinite(hi) || lo > hi) {
    throw new InvalidArgumentError("Give lo:hi, e.g. 0:255.");
  }
  return { lo, hi };
}

/** Extents of a tensor: 1x3x224x224. */
export function shape(text: string): number[] {
  const extents = text.split("x").map(Number);
  if (!extents.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new InvalidArgumentError("Give extents, e.g. 1x3x224x224.");
  }
  return extents;
}

/** For options that may be repeated. */
export const urls = (text: string, previous: URL[] = []): URL[] => [...previous, url(text)];
