/*
 * How answers of several nodes to one question are weighed. No node is believed alone: a result counts once `quorum` of them gave
 * it, and an amount once `quorum` of them are at least there.
 */

/** What one node said: a result, or an error that it gave as its answer. Failures to answer are no votes. */
export type Vote =
  | { readonly result: unknown }
  | { readonly error: { readonly code?: number; readonly data?: unknown; readonly message?: string } };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

/** Fields in which nodes of different makers agree; they add others of their own. */
const ESSENTIALS: Readonly<Record<string, readonly string[]>> = {
  eth_getBlockByNumber: ["number", "hash", "parentHash", "timestamp", "baseFeePerGas"],
  eth_getBlockByHash: ["number", "hash", "parentHash", "timestamp", "baseFeePerGas"],
  eth_getTransactionReceipt: ["transactionHash", "blockHash", "blockNumber", "status", "gasUsed"],
  eth_getTransactionByHash: ["hash", "blockHash", "from", "to", "input", "value", "nonce", "blockNumber"],
  eth_getLogs: ["address", "topics", "data", "blockHash", "transactionHash", "logIndex"],
};

function essence(method: string, value: unknown): unknown {
  const names = ESSENTIALS[method];
  if (names === undefined || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => essence(method, each));
  const fields = fieldsOf(value);
  return names.map((name) => fields[name] ?? null);
}

/** What has to be the same for two votes to be one. Of refusals it is the data that the contract gave. */
export function keyOf(method: string, vote: Vote): string {
  if ("result" in vote) return JSON.stringify(essence(method, vote.result)).toLowerCase();
  const { data } = vote.error;
  const inner = typeof data === "object" ? fieldsOf(data)["data"] : data;
  return `refused ${typeof inner === "string" ? inner.toLowerCase() : ""}`;
}

/** The vote that `quorum` of the nodes gave, once there is one. */
export function agreed(method: string, votes: readonly Vote[], quorum: number): Vote | undefined {
  const counts = new Map<string, number>();
  for (const vote of votes) {
    const key = keyOf(method, vote);
    const count = (counts.get(key) ?? 0) + 1;
    if (count >= quorum) return vote;
    counts.set(key, count);
  }
  return undefined;
}

/** The largest amount that `quorum` of the nodes reach, once so many have answered. */
export function reached(amounts: readonly bigint[], quorum: number): bigint | undefined {
  return [...amounts].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0))[quorum - 1];
}
