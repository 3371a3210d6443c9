import type { ContractTransactionResponse } from "ethers";
import { hexlify, id, parseEther, parseUnits, ZeroAddress } from "ethers";

import { type DType, DTYPE_CODE } from "../../src/audit/graph.js";
import type { EvidenceStruct } from "../../typechain-types/challenges/ChallengeManager.js";
import type { IArbiter } from "../../typechain-types/index.js";
import type { ModelContentStruct } from "../../typechain-types/registry/ModelRegistry.js";
import {
  alphabetModel,
  type AlphabetNode,
  deviationOf,
  evidenceOf,
  letters,
  type Trace,
  type TraceChange,
  traceOf,
} from "./alphabet.js";
import { deeperDemand, firstDemand, type Place, supplyFor } from "./demands.js";
import { deployHub, type ParameterChange } from "./hub.js";
import { floatBytes, listHash, presentJob, requestJob, submitJob } from "./jobs.js";
import { DTYPE, F32, modelContent, modelIdOf, provenance } from "./models.js";
import { appointWorker, type Connection, DAY, deployRegistry, HOUR, OFFER, PARAMS, stake, TOKEN } from "./protocol.js";

export const TERMS = {
  inclusionDelay: PARAMS.inclusionDelay,
  refutationWindow: 24 * HOUR,
  supplyWindow: 12 * HOUR,
  graceWindow: 12 * HOUR,
  airGap: 12 * HOUR,
  bondFloor: parseEther("0.01"),
  baseFeeFloor: parseUnits("1", "gwei"),
  dataPrice: 0n,
  priceMultiple: 4,
} as const;

/** More than any bond of the models here at the base fees of a fresh chain. */
export const BOND = parseEther("0.2");
/** More than any demand's price; what is not asked is credited back. */
export const PAYMENT = parseEther("1");

export const STATUS = {
  none: 0n,
  open: 1n,
  upheld: 2n,
  refuted: 3n,
  unanswered: 4n,
  settled: 5n,
  refunded: 6n,
} as const;
export const VERDICT = { right: 0n, wrong: 1n, void: 2n } as const;
export const CLAIM = { none: 0n, answered: 2n, final: 4n, wrong: 5n, void: 6n, unbacked: 7n } as const;

export interface Output {
  readonly node: number;
  readonly atol: bigint;
  readonly rtol: bigint;
}

export interface Layout {
  readonly nodes: readonly AlphabetNode[];
  readonly outputs: readonly Output[];
  readonly depth: number;
}

/** A tensor of one leaf, one with two demandable heights above its leaves, one of a few leaves, and two outputs. */
export const LAYOUT: Layout = {
  nodes: [
    { elements: 40, dtype: "f32" },
    { elements: 70_000, dtype: "u8" },
    { elements: 100, dtype: "i64" },
    { elements: 4, dtype: "f32" },
    { elements: 70, dtype: "i32" },
  ],
  // 2^-10 = 0.0009765625
  outputs: [
    { node: 3, atol: 0x3a800000n, rtol: 0n },
    { node: 4, atol: 0n, rtol: 0n },
  ],
  depth: 3,
};

/** Two more nodes than fit beside a challenge: their roots have to be demanded. */
export const LONG_LAYOUT: Layout = {
  nodes: Array.from({ length: 2050 }, (_, i) => ({ elements: i === 700 ? 600 : 1, dtype: "f32" as const })),
  outputs: [{ node: 2049, atol: 0n, rtol: 0n }],
  depth: 4,
};

/** The alphabet model's inputs: four numbers in [-1, 1]. */
export const INPUTS = [floatBytes([0, 0.25, 0.5, 1])] as const;

export interface Deployment {
  readonly layout?: Layout;
  readonly terms?: Partial<Record<keyof typeof TERMS, number | bigint>> & { readonly feeOracle?: string };
  readonly challengeWindow?: number;
  readonly lottery?: ParameterChange["lottery"];
}

/** The protocol with the real contracts around any judge; the owner has stake and a worker. */
export async function deploySuite(
  connection: Connection,
  arbiter: IArbiter,
  { terms = {}, challengeWindow = PARAMS.challengeWindow, lottery: odds = {} }: Omit<Deployment, "layout"> = {},
) {
  const { ethers, deployer } = connection;
  const { inclusionDelay, ...challenges } = { ...TERMS, ...terms };
  const hub = await deployHub(connection, {
    inclusionDelay: Number(inclusionDelay),
    parameters: { challenges, jobs: { challengeWindow }, lottery: odds },
  });
  const token = await ethers.deployContract("TestToken", [deployer, 10n ** 9n * TOKEN, 1000n * TOKEN, DAY]);
  const registry = await deployRegistry(connection, hub, [ZeroAddress, arbiter]);
  const staking = await ethers.deployContract("OperatorStaking", [token, hub, true]);
  const verifier = await ethers.deployContract("TraceVerifier", [registry]);
  const manager = await ethers.deployContract("ChallengeManager", [staking, verifier]);
  const offers = await ethers.deployContract("OfferBook", [registry, staking]);
  const jobs = await ethers.deployContract("JobEscrow", [offers, verifier, manager]);
  const receipts = await ethers.deployContract("ReceiptEscrow", [registry, staking, manager]);
  const lottery = await ethers.deployContract("AuditLottery", [jobs, manager]);
  await hub.seal(manager, [jobs, receipts], [lottery]);
  await stake(connection, { token, staking }, 100_000n * TOKEN);
  await appointWorker(connection, staking);
  return { hub, token, registry, staking, verifier, manager, offers, jobs, receipts, lottery };
}

/** Registers a model, and has the owner offer it. */
export async function publish(
  { publisher, owner }: Connection,
  { registry, offers }: Awaited<ReturnType<typeof deploySuite>>,
  content: ModelContentStruct,
): Promise<string> {
  await registry.connect(publisher).register(content, provenance(), 0, { value: PARAMS.deposit });
  const modelId = modelIdOf(content, publisher.address);
  await offers.connect(owner).setOffer(modelId, { ...OFFER, concurrency: 50 });
  return modelId;
}

/** The suite with an alphabet model that stands in for arithmetic. */
export async function deployDisputes(connection: Connection, change: Deployment = {}) {
  const { layout = LAYOUT } = change;
  const arbiter = await connection.ethers.deployContract("AlphabetArbiter");
  const suite = await deploySuite(connection, arbiter, change);
  const model = alphabetModel(layout.nodes);
  const content = modelContent({
    graphRoot: hexlify(model.graph.root()),
    nodeCount: layout.nodes.length,
    depth: layout.depth,
    inputs: [{ dtype: DTYPE.f32, lo: F32.minusOne, hi: F32.one, shape: [4] }],
    outputs: layout.outputs.map(({ node, atol, rtol }) => {
      const { elements, dtype } = layout.nodes[node]!;
      return { dtype: DTYPE_CODE[dtype], node, atol, rtol, shape: [elements] };
    }),
  });
  const modelId = await publish(connection, suite, content);
  return { ...suite, arbiter, model, modelId, layout };
}

export type Disputes = Awaited<ReturnType<typeof deployDisputes>>;

/** A claim that is answered, and the truth about it. */
export interface AnsweredClaim {
  readonly id: string;
  /** Address of the contract that it comes from. */
  readonly source: string;
  readonly inputsRoot: string;
  readonly outputs: readonly Uint8Array[];
  readonly dtypes: readonly DType[];
  readonly truth: Trace;
}

/** The right bytes of all outputs on `INPUTS`. */
export function rightOutputs({ layout }: Disputes, inputsRoot: string): Uint8Array[] {
  return layout.outputs.map(({ node }) => letters(inputsRoot, node, layout.nodes[node]!));
}

const inputDtypes: readonly DType[] = ["f32"];

/** Asks the operator and answers: rightly, or as `answer` changes the right outputs. */
export async function claimOf(
  chain: Connection,
  disputes: Disputes,
  answer: (outputs: Uint8Array[]) => void = () => undefined,
  inputs: readonly Uint8Array[] = INPUTS,
): Promise<AnsweredClaim> {
  const { jobs, model, layout } = disputes;
  const jobId = await requestJob(chain, disputes, { inputs });
  const inputsRoot = listHash(inputs, inputDtypes);
  const outputs = rightOutputs(disputes, inputsRoot);
  answer(outputs);
  await submitJob(jobs.connect(chain.worker), jobId, outputs);
  await presentJob(jobs, jobId);
  const dtypes = layout.outputs.map(({ node }) => layout.nodes[node]!.dtype);
  const source = await jobs.getAddress();
  return { id: jobId, source, inputsRoot, outputs, dtypes, truth: traceOf(model, inputsRoot) };
}

/** Gives element 0 of output 0 bits that are far from right. */
export const lie = (outputs: Uint8Array[]): void => {
  outputs[0]!.set([0x40, 0x80, 0, 0]);
};

/** The change to a trace that makes it deviate from a right answer, at element 0 of output 0. */
export const FALSE_OUTPUT: TraceChange = { alter: [{ node: 3, element: 0, bits: 0x40800000n }] };

export interface Opening {
  readonly trace: Trace;
  readonly output?: number;
  readonly element?: number;
  readonly challenger?: Connection["challenger"];
  readonly value?: bigint;
  readonly salt?: string;
  readonly roots?: readonly string[];
}

/** Arguments of `openChallenge`, and the id that they commit to. */
export async function openingOf(chain: Connection, disputes: Disputes, claim: AnsweredClaim, opening: Opening) {
  const { manager, layout } = disputes;
  const { trace, output = 0, element = 0, challenger = chain.challenger, salt = id("salt") } = opening;
  const traceRoot = hexlify(trace.list.root());
  const deviation = deviationOf({ tensors: claim.outputs, dtypes: claim.dtypes }, trace, {
    output,
    node: layout.outputs[output]!.node,
    element,
  });
  const roots = opening.roots ?? (trace.roots.length > 2048 ? [] : trace.roots);
  const { source } = claim;
  const challengeId = await manager.challengeIdOf(challenger, source, claim.id, traceRoot, output, element, salt);
  const args: [string, string, string, typeof deviation, string[], string] = [
    source,
    claim.id,
    traceRoot,
    deviation,
    [...roots],
    salt,
  ];
  return { challengeId, challenger, args, value: opening.value ?? BOND };
}

/** Commits and opens; resolves with the challenge's id. */
export async function openChallenge(
  chain: Connection,
  disputes: Disputes,
  claim: AnsweredClaim,
  opening: Opening,
): Promise<string> {
  const { challengeId, challenger, args, value } = await openingOf(chain, disputes, claim, opening);
  const manager = disputes.manager.connect(challenger);
  await manager.commitChallenge(challengeId);
  await manager.openChallenge(...args, { value });
  return challengeId;
}

/** What parties do to one challenge. */
export function play(chain: Connection, { manager }: Disputes, challengeId: string, trace: Trace) {
  type Signer = Connection["stranger"];
  return {
    challengeId,
    trace,
    demand: (place: Place, by: Signer = chain.stranger): Promise<ContractTransactionResponse> =>
      manager.connect(by).demand(challengeId, firstDemand(trace, place), { value: PAYMENT }),
    deeper: (around: Place, place: Place, by: Signer = chain.stranger): Promise<ContractTransactionResponse> =>
      manager.connect(by).demandDeeper(challengeId, around, deeperDemand(trace, around, place), { value: PAYMENT }),
    supply: (place: Place, by: Signer = chain.challenger): Promise<ContractTransactionResponse> => {
      const payload = supplyFor(trace, place);
      return typeof payload === "string"
        ? manager.connect(by).supplyLeaf(challengeId, place, payload)
        : manager.connect(by).supplyHashes(challengeId, place, payload);
    },
    expire: (place: Place, by: Signer = chain.stranger): Promise<ContractTransactionResponse> =>
      manager.connect(by).expire(challengeId, place),
    refund: (place: Place): Promise<ContractTransactionResponse> => manager.refundDemand(challengeId, place),
    refute: (node: number, element: number, by: Signer = chain.stranger): Promise<ContractTransactionResponse> =>
      manager.connect(by).refute(challengeId, evidence(node, element)),
    resolve: (): Promise<ContractTransactionResponse> => manager.resolve(challengeId),
    execute: (): Promise<ContractTransactionResponse> => manager.execute(challengeId),
    settle: (): Promise<ContractTransactionResponse> => manager.settle(challengeId),
    state: () => manager.challenge(challengeId),
    demandAt: (place: Place) => manager.demandAt(challengeId, place),
  };
  function evidence(node: number, element: number): EvidenceStruct {
    return evidenceOf(trace, node, element);
  }
}

export type Play = ReturnType<typeof play>;

/** Sets the time of the next block; automining makes the next call happen then. */
export const at = (chain: Connection, time: bigint | number): Promise<void> =>
  chain.networkHelpers.time.setNextBlockTimestamp(time);

/** Waits until all deadlines and the air gap are over, upholding on the way. */
export async function uphold(chain: Connection, challenge: Play): Promise<void> {
  await at(chain, (await challenge.state()).lastDeadline + 1n);
  await challenge.resolve();
  await at(chain, (await challenge.state()).executableAt);
}

/** The coins in the manager are what it owes and what burnt, to the wei. */
export async function expectBalanced(chain: Connection, { manager }: Disputes) {
  const balance = await chain.ethers.provider.getBalance(manager);
  return { balance, accounted: (await manager.totalOwed()) + (await manager.totalBurnt()) };
}
