import { isError, type Log, type Provider } from "ethers";

import { TouchstoneError } from "../errors.js";

/** Blocks per query where a node does not answer for all at once; public endpoints commonly refuse more. */
export const PAGE = 2_000;

/** Which logs: those of these contracts, with these topics. */
export interface LogFilter {
  readonly address: string | string[];
  readonly topics?: (string | string[] | null)[];
}

/** Whether a node answered, and will not be more willing the next time. */
const isRefusal = (thrown: unknown): boolean => !(thrown instanceof TouchstoneError) && !isError(thrown, "TIMEOUT");

/**
 * Logs of a range of blocks, both ends included. Nodes refuse ranges that are too wide for them and answers that are too long, each by
 * limits of its own: what is refused is asked for in parts, down to single blocks.
 */
export async function logsOf(provider: Provider, filter: LogFilter, from: number, to: number): Promise<Log[]> {
  if (from > to) return [];
  try {
    return await provider.getLogs({ ...filter, fromBlock: from, toBlock: to });
  } catch (thrown) {
    if (from >= to || !isRefusal(thrown)) throw thrown;
  }
  const count = to - from + 1;
  const step = count > PAGE ? PAGE : Math.ceil(count / 2);
  const logs: Log[] = [];
  for (let start = from; start <= to; start += step) {
    logs.push(...(await logsOf(provider, filter, start, Math.min(start + step - 1, to))));
  }
  return logs;
}
