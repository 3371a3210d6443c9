import { logsOf } from "../chain/logs.js";
import type { Suite } from "../chain/suite.js";
import { ask } from "../http/ask.js";
import { terms as termsSchema, type Terms } from "../receipts/wire.js";

/** An operator that takes jobs about a model on-chain: what it has posted, as it stands now. */
export interface OnChainOffer {
  readonly operator: string;
  readonly price: bigint;
  /** A token, or zero for the native coin. */
  readonly currency: string;
  readonly answerGas: bigint;
  readonly maxLock: bigint;
  readonly minDuration: bigint;
  /** What a new lock could take. */
  readonly freeStake: bigint;
}

/** An endpoint that sells receipts about a model. */
export interface EndpointOffer {
  readonly endpoint: URL;
  readonly terms: Terms;
}

const TIMEOUT_MS = 10_000;
const LIMIT = 64 * 1024;

/** Operators with an open offer for a model that are not in jail and have room for one more job, cheapest first. */
export async function findOperators(suite: Suite, modelId: string): Promise<OnChainOffer[]> {
  const { offers, staking, deployment, provider, abi } = suite;
  const topics = await offers.filters.OfferChanged(undefined, modelId).getTopicFilter();
  const head = await provider.getBlockNumber();
  const changes = await logsOf(provider, { address: deployment.offers, topics }, deployment.block, head);
  const operators = [...new Set(changes.map((log) => abi.parseLog(log)!.args.getValue("operator") as string))];
  const found = await Promise.all(
    operators.map(async (operator) => {
      const [{ offer, waiting }, jailed, freeStake] = await Promise.all([
        offers.offerOf(operator, modelId),
        staking.isJailed(operator),
        staking.freeStake(operator),
      ]);
      if (!offer.open || jailed || waiting >= offer.concurrency) return undefined;
      const { price, currency, answerGas, maxLock, minDuration } = offer;
      return { operator, price, currency, answerGas, maxLock, minDuration, freeStake };
    }),
  );
  return found.filter((offer) => offer !== undefined).sort((a, b) => (a.price < b.price ? -1 : 1));
}

/** Asks endpoints for their terms at once. Those that are silent or serve something else are left out; cheapest first. */
export async function askEndpoints(suite: Suite, modelId: string, endpoints: readonly URL[]): Promise<EndpointOffer[]> {
  const { chainId, receipts } = suite.deployment;
  const asked = await Promise.all(
    endpoints.map(async (endpoint) => {
      const url = new URL(`/v1/models/${modelId}`, endpoint);
      try {
        const terms = await ask(url, termsSchema, undefined, { timeoutMs: TIMEOUT_MS, limit: LIMIT });
        const ours = terms.chainId === chainId && terms.escrow.toLowerCase() === receipts.toLowerCase();
        return ours && terms.modelId === modelId ? { endpoint, terms } : undefined;
      } catch {
        // Whatever is wrong with it: there may be others.
        return undefined;
      }
    }),
  );
  return asked.filter((offer) => offer !== undefined).sort((a, b) => (a.terms.price < b.terms.price ? -1 : 1));
}
