import { concat } from "./bytes.js";

/*
 * As much of Solidity's `abi.encode` as commitments and evidence need
 * (https://docs.soliditylang.org/en/latest/abi-spec.html, "Formal Specification of the Encoding").
 */

/** An encoded value; dynamic ones are placed behind the heads of the sequence they stand in. */
export interface AbiValue {
  readonly dynamic: boolean;
  readonly data: Uint8Array;
}

/** An unsigned integer or enum of any width. */
export function word(value: number | bigint): AbiValue {
  const data = new Uint8Array(32);
  for (let at = 31, rest = BigInt(value); rest > 0n; at--, rest >>= 8n) data[at] = Number(rest & 0xffn);
  return { dynamic: false, data };
}

/** A `bytes32`. */
export function hash(value: Uint8Array): AbiValue {
  return { dynamic: false, data: value };
}

/** A dynamic array. */
export function list(items: readonly AbiValue[]): AbiValue {
  return { dynamic: true, data: concat([word(items.length).data, abiEncode(items)]) };
}

/** A struct. */
export function tuple(items: readonly AbiValue[]): AbiValue {
  return { dynamic: items.some(({ dynamic }) => dynamic), data: abiEncode(items) };
}

/** `abi.encode` of values one after the other. */
export function abiEncode(items: readonly AbiValue[]): Uint8Array {
  let tailAt = items.reduce((n, { dynamic, data }) => n + (dynamic ? 32 : data.length), 0);
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  for (const { dynamic, data } of items) {
    heads.push(dynamic ? word(tailAt).data : data);
    if (!dynamic) continue;
    tails.push(data);
    tailAt += data.length;
  }
  return concat([...heads, ...tails]);
}
