import { JsonRpcProvider, type JsonRpcPayload, type JsonRpcResult } from "ethers";

import { TouchstoneError, messageOf } from "../errors.js";
import { requestTo } from "./requests.js";
import { agreed, keyOf, reached, type Vote } from "./votes.js";

/** What one endpoint did wrong. `differs`: it said something else than the others; `failed`: it did not answer. */
export interface Fault {
  /** Without path and query, where keys stand. */
  readonly endpoint: string;
  readonly kind: "failed" | "differs";
  readonly method: string;
  readonly detail: string;
}

export interface AgreementOptions {
  readonly rpcUrls: readonly string[];
  readonly onFault: (fault: Fault) => void;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** How long the head that was agreed on is taken for the newest. */
const HEAD_MS = 150;

/** How long the others are waited for when some endpoints have told their newest block: the quickest may be far behind. */
const GRACE_MS = 200;

/** Amounts that honest nodes may see differently: a little more or less is no lie. */
const AMOUNTS = new Set(["eth_estimateGas", "eth_gasPrice", "eth_maxPriorityFeePerGas"]);

/** What answers with a number. */
const QUANTITIES = new Set([...AMOUNTS, "eth_blockNumber", "eth_getTransactionCount"]);
const QUANTITY = /^0x[0-9a-f]{1,64}$/i;

/** How far below the heads a common block is looked for: one of them may lie, lag or be on a fork that is about to end. */
const DEPTHS = [0n, 1n, 2n, 4n, 8n, 16n, 32n, 64n];

const disagreement = (what: string, said: string): TouchstoneError =>
  new TouchstoneError("RPC_DISAGREES", `The endpoints do not agree on ${what}: ${said}.`, {
    next: "Look at each of them. Roles go on by themselves once most of them agree.",
    retryable: true,
  });

const quantity = (value: unknown): bigint => BigInt(typeof value === "string" ? value : -1);

/**
 * What a node said, if it can be weighed against what others say.
 * @throws TouchstoneError `RPC_MALFORMED` where not: that is no answer.
 */
function voteOf(method: string, answer: unknown): Vote {
  const { result = null, error } = (answer ?? {}) as { result?: unknown; error?: unknown };
  // Some nodes write an error of null beside every result.
  if (error !== undefined && error !== null) {
    return { error: typeof error === "object" ? error : { message: JSON.stringify(error) } };
  }
  if (QUANTITIES.has(method) && !(typeof result === "string" && QUANTITY.test(result))) {
    throw new TouchstoneError("RPC_MALFORMED", `it answers ${method} with no number`);
  }
  const vote = { result };
  // Throws where it is nested too deep.
  keyOf(method, vote);
  return vote;
}

/**
 * A provider over several endpoints that believes none of them alone. Every question about "latest" is put about the newest block
 * that most of them have, by hash, and an answer counts when most of them give it. So one of three may be silent, late or
 * lie, and two of two must agree. Transactions go to all.
 */
class AgreeingProvider extends JsonRpcProvider {
  readonly #options: AgreementOptions;
  readonly #quorum: number;
  #head: { readonly number: bigint; readonly at: number } | undefined;
  /** The newest block that was heard of: an older one is believed only once every endpoint has spoken. */
  #floor = 0n;

  constructor(options: AgreementOptions) {
    super(options.rpcUrls[0], undefined, {
      ...{ staticNetwork: true, batchMaxCount: 20, pollingInterval: 250, cacheTimeout: -1 },
    });
    this.#options = options;
    this.#quorum = Math.floor(options.rpcUrls.length / 2) + 1;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const payloads = Array.isArray(payload) ? payload : [payload];
    return Promise.all(
      payloads.map(async ({ id, method, params }) => {
        const vote = await this.#answer(method, Array.isArray(params) ? params : []);
        // ethers tells errors from results by the field that is there, whatever the type says.
        const answer: { id: number; result: unknown } | { id: number; error: object } =
          "result" in vote ? { id, result: vote.result } : { id, error: vote.error };
        return answer as JsonRpcResult;
      }),
    );
  }

  async #answer(method: string, params: readonly unknown[]): Promise<Vote> {
    if (method === "eth_sendRawTransaction") return this.#broadcast(params);
    if (method === "eth_blockNumber") return { result: `0x${(await this.#agreedHead()).toString(16)}` };
    const isAmount = AMOUNTS.has(method) || (method === "eth_getTransactionCount" && params[1] === "pending");
    const pinned = isAmount ? params : await this.#pinned(params);
    const vote = isAmount ? await this.#askAmount(method, pinned) : await this.#ask(method, pinned);
    // Whoever heard of a block must not be told of an older one next.
    const block = "result" in vote && (vote.result as { blockNumber?: unknown } | null)?.blockNumber;
    if (typeof block === "string" && quantity(block) > this.#floor) {
      this.#floor = quantity(block);
      this.#head = undefined;
    }
    return vote;
  }

  /** Parameters that speak of a block by number instead of "latest". */
  async #pinned(params: readonly unknown[]): Promise<unknown[]> {
    const isLatest = (value: unknown): boolean => value === "latest" || value === "pending";
    const pin = async (value: unknown): Promise<unknown> => {
      if (isLatest(value)) return `0x${(await this.#agreedHead()).toString(16)}`;
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      const fields = value as Record<string, unknown>;
      return isLatest(fields["toBlock"]) ? { ...fields, toBlock: await pin(fields["toBlock"]) } : value;
    };
    return Promise.all(params.map(pin));
  }

  /** The newest block that a majority has, and has the same. */
  async #agreedHead(): Promise<bigint> {
    const known = this.#head;
    if (known !== undefined && performance.now() - known.at < HEAD_MS) return known.number;
    const { rpcUrls } = this.#options;
    const floor = this.#floor;
    const highest = await this.#poll(
      "eth_blockNumber",
      [],
      (votes) => {
        const heights = votes.flatMap((vote) => ("result" in vote ? [quantity(vote.result)] : []));
        const height = reached(heights, this.#quorum);
        return height !== undefined && (height >= floor || heights.length === rpcUrls.length) ? height : undefined;
      },
      GRACE_MS,
    );
    if (this.#floor === floor) this.#floor = highest;
    for (const depth of DEPTHS) {
      const number = highest > depth ? highest - depth : 0n;
      const vote = await this.#ask("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]).catch(
        (thrown: unknown) => {
          if (depth === DEPTHS.at(-1) || number === 0n) throw thrown;
          return undefined;
        },
      );
      if (vote === undefined || !("result" in vote) || vote.result === null) continue;
      // A newer block may have been heard of meanwhile.
      if (this.#floor !== highest) return this.#agreedHead();
      this.#head = { number, at: performance.now() };
      return number;
    }
    throw disagreement("the newest block", "none is common to most of them");
  }

  #ask(method: string, params: readonly unknown[]): Promise<Vote> {
    return this.#poll(method, params, (votes) => agreed(method, votes, this.#quorum));
  }

  async #askAmount(method: string, params: readonly unknown[]): Promise<Vote> {
    const decide = (votes: readonly Vote[]): Vote | undefined => {
      const amounts = votes.flatMap((vote) => ("result" in vote ? [quantity(vote.result)] : []));
      const amount = reached(amounts, this.#quorum);
      if (amount !== undefined) return { result: `0x${amount.toString(16)}` };
      return agreed(
        method,
        votes.filter((vote) => "error" in vote),
        this.#quorum,
      );
    };
    return this.#poll(method, params, decide);
  }

  /** Asks all endpoints at once, and answers as soon as enough of them have; or some time later, to hear the others as well. */
  #poll<T>(
    method: string,
    params: readonly unknown[],
    decide: (votes: readonly Vote[]) => T | undefined,
    graceMs = 0,
  ): Promise<T> {
    const { rpcUrls, onFault } = this.#options;
    return new Promise((resolve, reject) => {
      const votes: { readonly endpoint: string; readonly vote: Vote }[] = [];
      let left = rpcUrls.length;
      let decided: T | undefined;
      const blame = (): void => {
        const winner = decided as Vote | undefined;
        if (typeof winner !== "object" || AMOUNTS.has(method)) return;
        const key = keyOf(method, winner);
        for (const { endpoint, vote } of votes) {
          if (keyOf(method, vote) !== key)
            onFault({ endpoint, kind: "differs", method, detail: keyOf(method, vote).slice(0, 200) });
        }
      };
      const heard = (): void => {
        left--;
        const said = decide(votes.map(({ vote }) => vote));
        const isFirst = decided === undefined;
        // The first decision stands, except in a time of grace, in which each answer may better it.
        if (isFirst || graceMs > 0) decided = said;
        if (decided !== undefined && (graceMs === 0 || left === 0)) resolve(decided);
        else if (decided !== undefined && isFirst) setTimeout(() => resolve(decided as T), graceMs);
        if (left > 0) return;
        if (decided !== undefined) {
          blame();
          return;
        }
        const sayings = votes.map(({ endpoint, vote }) => `${endpoint}: ${keyOf(method, vote).slice(0, 80)}`);
        reject(disagreement(method, sayings.join("; ") || "none answers"));
      };
      for (const rpcUrl of rpcUrls) {
        const endpoint = new URL(rpcUrl).origin;
        this.#call(rpcUrl, method, params).then(
          (vote) => {
            votes.push({ endpoint, vote });
            heard();
          },
          (thrown: unknown) => {
            onFault({ endpoint, kind: "failed", method, detail: messageOf(thrown).replaceAll(rpcUrl, endpoint) });
            heard();
          },
        );
      }
    });
  }

  /** Any endpoint that takes a transaction is enough. */
  async #broadcast(params: readonly unknown[]): Promise<Vote> {
    const { rpcUrls } = this.#options;
    this.#head = undefined;
    const calls = rpcUrls.map((rpcUrl) => this.#call(rpcUrl, "eth_sendRawTransaction", params));
    const taken = calls.map(async (call) => {
      const vote = await call;
      if ("error" in vote) throw new TouchstoneError("REFUSED", vote.error.message ?? "refused");
      return vote;
    });
    try {
      return await Promise.any(taken);
    } catch {
      const settled = await Promise.allSettled(calls);
      for (const each of settled) if (each.status === "fulfilled") return each.value;
      throw new TouchstoneError("RPC_UNREACHABLE", "No endpoint took the transaction.", { retryable: true });
    }
  }

  async #call(rpcUrl: string, method: string, params: readonly unknown[]): Promise<Vote> {
    const request = requestTo(rpcUrl, this.#options.timeoutMs ?? TIMEOUT_MS);
    request.body = { jsonrpc: "2.0", id: 1, method, params };
    const response = await request.send();
    response.assertOk();
    return voteOf(method, response.bodyJson);
  }
}

/** @throws TouchstoneError `RPC_DISAGREES` from every call on which too few endpoints agree. */
export const createAgreeingProvider = (options: AgreementOptions): JsonRpcProvider => new AgreeingProvider(options);
