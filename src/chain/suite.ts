import { Interface, JsonRpcProvider, type Provider } from "ethers";

import {
  AccountLens__factory,
  Arbiter__factory,
  AuditLottery__factory,
  ChallengeManager__factory,
  ClaimLens__factory,
  DelegatorFees__factory,
  Hub__factory,
  JobEscrow__factory,
  ModelRegistry__factory,
  OfferBook__factory,
  OperatorProfiles__factory,
  OperatorStaking__factory,
  ReceiptEscrow__factory,
  TraceVerifier__factory,
  IAccountLens__factory,
  IAuditLottery__factory,
  IChallengeManager__factory,
  IClaimLens__factory,
  IDelegatorFees__factory,
  IHub__factory,
  IJobEscrow__factory,
  IModelRegistry__factory,
  IOfferBook__factory,
  IOperatorProfiles__factory,
  IOperatorStaking__factory,
  TestToken__factory,
  type IAccountLens,
  type IAuditLottery,
  type IChallengeManager,
  type IClaimLens,
  type IDelegatorFees,
  type IHub,
  type IJobEscrow,
  type IModelRegistry,
  type IOfferBook,
  type IOperatorProfiles,
  type IOperatorStaking,
  type ReceiptEscrow,
  type TestToken,
} from "../../typechain-types/index.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { createRedactor } from "../printable.js";
import { createAgreeingProvider, type Fault } from "./agreement.js";
import type { Deployment } from "./deployment.js";
import { requestTo } from "./requests.js";

/** The contracts of one deployment, connected for reading; transactions go through a `Sender`. */
export interface Suite {
  readonly provider: Provider;
  readonly deployment: Deployment;
  /** Time, parameters, currencies. */
  readonly hub: IHub;
  readonly registry: IModelRegistry;
  readonly staking: IOperatorStaking;
  readonly profiles: IOperatorProfiles;
  readonly fees: IDelegatorFees;
  readonly offers: IOfferBook;
  readonly jobs: IJobEscrow;
  readonly receipts: ReceiptEscrow;
  readonly challenges: IChallengeManager;
  readonly lottery: IAuditLottery;
  /** What accounts have and are owed, in one call. */
  readonly accountLens: IAccountLens;
  /** Clocks of claims; floors and probabilities at a price. */
  readonly claimLens: IClaimLens;
  readonly token: TestToken;
  /** Every error and event of the suite. */
  readonly abi: Interface;
}

// The implementations, because the errors of the libraries they use stand in no interface.
const FACTORIES = [
  AccountLens__factory,
  Arbiter__factory,
  AuditLottery__factory,
  ChallengeManager__factory,
  ClaimLens__factory,
  DelegatorFees__factory,
  Hub__factory,
  JobEscrow__factory,
  ModelRegistry__factory,
  OfferBook__factory,
  OperatorProfiles__factory,
  OperatorStaking__factory,
  ReceiptEscrow__factory,
  TestToken__factory,
  TraceVerifier__factory,
];

/** Every error and event of the suite. */
export function suiteAbi(): Interface {
  const fragments = new Map<string, (typeof TestToken__factory.abi)[number]>();
  for (const factory of FACTORIES) {
    for (const fragment of factory.abi) {
      // Nobody calls constructors here, and ethers prints a complaint about more than one of them.
      if (fragment.type !== "constructor") fragments.set(JSON.stringify(fragment), fragment as never);
    }
  }
  return new Interface([...fragments.values()]);
}

/** Longest time for one answer of the only node there is: nothing else is done meanwhile. */
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * Connects to a node, polling it often enough for local chains. Nothing is cached: a role that looks again right after its
 * own transaction must see what it did, and the next nonce.
 *
 * @param others further endpoints of the same chain: then nothing is believed that most of them do not say
 */
export function createProvider(
  rpcUrl: string,
  {
    others = [],
    onFault = () => undefined,
    timeoutMs,
  }: { others?: readonly string[]; onFault?: (fault: Fault) => void; timeoutMs?: number } = {},
): JsonRpcProvider {
  if (others.length > 0) {
    const rpcUrls = [rpcUrl, ...others];
    return createAgreeingProvider({ rpcUrls, onFault, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }
  return new JsonRpcProvider(requestTo(rpcUrl, timeoutMs ?? ANSWER_TIMEOUT_MS), undefined, {
    staticNetwork: true,
    batchMaxCount: 20,
    pollingInterval: 250,
    cacheTimeout: -1,
  });
}

/** Longest time to wait for the first answer of a node. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Asks for the chain's id, without a provider: those of ethers keep asking a node that is away, and print that. Of several endpoints
 * most have to say the same, and the others may be away.
 * @throws TouchstoneError `RPC_UNREACHABLE`, `RPC_DISAGREES`.
 */
export async function chainIdOf(rpcUrl: string, others: readonly string[] = []): Promise<number> {
  const asked = [rpcUrl, ...others].map(askChainId);
  const quorum = Math.floor(asked.length / 2) + 1;
  const votes = new Map<number, number>();
  const agreed = new Promise<number>((resolve) => {
    for (const each of asked) {
      each.then(
        (id) => {
          votes.set(id, (votes.get(id) ?? 0) + 1);
          if (votes.get(id) === quorum) resolve(id);
        },
        () => undefined,
      );
    }
  });
  const failed = Promise.allSettled(asked).then((answers) => {
    // One that is away may come back; those of different chains never agree.
    if (votes.size <= 1) for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    const chains = [...votes.keys()].join(", ");
    throw new TouchstoneError("RPC_DISAGREES", `The endpoints are of different chains: ${chains}.`, {
      next: "Correct TOUCHSTONE_RPC_URL and TOUCHSTONE_RPC_OTHERS.",
    });
  });
  // Agreement is heard of before the last answer is.
  return Promise.race([agreed, failed]);
}

async function askChainId(rpcUrl: string): Promise<number> {
  try {
    const request = requestTo(rpcUrl, CONNECT_TIMEOUT_MS);
    request.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
    const { result } = (await request.send()).bodyJson as { result: unknown };
    return Number(BigInt(String(result)));
  } catch (cause) {
    // Without its cause, which quotes the whole address: the key of an endpoint stands in there.
    throw new TouchstoneError(
      "RPC_UNREACHABLE",
      createRedactor([rpcUrl])(`No node answers at ${rpcUrl}: ${messageOf(cause)}`),
      {
        next: "Start one (`npx hardhat node`) or set TOUCHSTONE_RPC_URL.",
        retryable: true,
      },
    );
  }
}

export function connectSuite(provider: Provider, deployment: Deployment): Suite {
  return {
    provider,
    deployment,
    hub: IHub__factory.connect(deployment.hub, provider),
    registry: IModelRegistry__factory.connect(deployment.registry, provider),
    profiles: IOperatorProfiles__factory.connect(deployment.profiles, provider),
    fees: IDelegatorFees__factory.connect(deployment.fees, provider),
    staking: IOperatorStaking__factory.connect(deployment.staking, provider),
    offers: IOfferBook__factory.connect(deployment.offers, provider),
    jobs: IJobEscrow__factory.connect(deployment.jobs, provider),
    receipts: ReceiptEscrow__factory.connect(deployment.receipts, provider),
    challenges: IChallengeManager__factory.connect(deployment.challenges, provider),
    lottery: IAuditLottery__factory.connect(deployment.lottery, provider),
    accountLens: IAccountLens__factory.connect(deployment.accountLens, provider),
    claimLens: IClaimLens__factory.connect(deployment.claimLens, provider),
    token: TestToken__factory.connect(deployment.token, provider),
    abi: suiteAbi(),
  };
}
