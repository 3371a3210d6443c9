import { concat, type ContractTransactionReceipt, hexlify, keccak256, type Result, ZeroAddress } from "ethers";

import type { DType } from "../../src/audit/graph.js";
import { LEAF, tensorTreeOfBytes } from "../../src/audit/tree.js";
import type { JobEscrow } from "../../typechain-types/index.js";
import type { ElementOpeningStruct, JobRequestStruct, JobTermsStruct } from "../../typechain-types/jobs/JobEscrow.js";
import { PARAMETERS } from "./hub.js";
import { NO_TERMS } from "./terms.js";
import { type Connection, deployWithOperator, HOUR, OFFER, TOKEN } from "./protocol.js";

export type JobSetup = Awaited<ReturnType<typeof deployWithOperator>>;

/** Big-endian bytes of floats. */
export function floatBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value));
  return bytes;
}

/** Inputs inside the domain of `modelContent()`. */
export const INPUTS = [
  floatBytes(Array.from({ length: 100 }, (_, i) => i / 100 - 0.5)),
  Uint8Array.from([1, 0, 1]),
] as const;
export const INPUT_DTYPES: readonly DType[] = ["f32", "bool"];
export const OUTPUTS = [floatBytes([1, 2, 3, 4])] as const;

/** Inputs root or outputs root, off-chain. */
export function listHash(tensors: readonly Uint8Array[], dtypes: readonly DType[]): string {
  return keccak256(concat(tensors.map((bytes, i) => tensorTreeOfBytes(bytes, dtypes[i]!).root())));
}

/** Opens one element of a list of tensors. */
export function openElement(
  tensors: readonly Uint8Array[],
  dtypes: readonly DType[],
  tensor: number,
  element: number,
): ElementOpeningStruct {
  const trees = tensors.map((bytes, i) => tensorTreeOfBytes(bytes, dtypes[i]!));
  const tree = trees[tensor]!;
  const leaf = Math.floor((element * (tensors[tensor]!.length / tree.numel)) / LEAF);
  return {
    tensor,
    element,
    roots: trees.map((each) => hexlify(each.root())),
    leaf: hexlify(tree.leaves(leaf, 1)),
    proof: tree.prove(leaf, 1).map((hash) => hexlify(hash)),
  };
}

export interface RequestChange extends Partial<JobRequestStruct> {
  readonly inputs?: readonly Uint8Array[];
  readonly value?: bigint;
  readonly consumer?: Connection["consumer"];
}

/** Arguments of `request`: the connection's owner is asked to run the model at its price, unless changed. */
export function requestArgs(
  { owner }: Pick<Connection, "owner">,
  { modelId }: Pick<JobSetup, "modelId">,
  { inputs = INPUTS, ...change }: Omit<RequestChange, "value" | "consumer"> = {},
): [JobRequestStruct, Uint8Array[]] {
  const asked: JobRequestStruct = {
    modelId,
    operator: owner.address,
    currency: ZeroAddress,
    maxFee: OFFER.price,
    lock: 100n * TOKEN,
    duration: 2 * HOUR,
    callback: ZeroAddress,
    callbackGas: 0,
    ...change,
  };
  return [asked, [...inputs]];
}

/** Asks the connection's owner to run the model; resolves with the job's id. */
export async function requestJob(
  chain: Connection,
  setup: Pick<JobSetup, "jobs" | "modelId">,
  change: RequestChange = {},
): Promise<string> {
  const { value = OFFER.price, consumer = chain.consumer, ...asked } = change;
  const asConsumer = setup.jobs.connect(consumer);
  const args = requestArgs(chain, setup, asked);
  const receipt = await (await asConsumer.request(...args, { value })).wait();
  return requestedId(setup.jobs, receipt!);
}

/** The id of the job that a transaction requested: with gas to pay for, it depends on the base fee of the block. */
export function requestedId(jobs: JobEscrow, { logs }: ContractTransactionReceipt): string {
  const events = logs.map((log) => jobs.interface.parseLog(log));
  return events.find((event) => event?.name === "JobRequested")!.args.getValue("jobId") as string;
}

/** A job that is answered, and known to disputes. */
export async function answeredJob(chain: Connection, setup: JobSetup, change: RequestChange = {}): Promise<string> {
  const jobId = await requestJob(chain, setup, change);
  await submitJob(setup.jobs.connect(chain.worker), jobId);
  await presentJob(setup.jobs, jobId);
  return jobId;
}

/** A job's terms from its event; for an id that was never requested, terms of no job. */
export async function termsOf(jobs: JobEscrow, jobId: string): Promise<JobTermsStruct> {
  const [event] = await jobs.queryFilter(jobs.filters.JobRequested(jobId));
  return event ? ((event.args.terms as unknown as Result).toObject() as JobTermsStruct) : NO_TERMS;
}

// Calls about a job, by its id.

export const submitJob = async (jobs: JobEscrow, jobId: string, outputs: readonly Uint8Array[] = OUTPUTS) =>
  jobs.submit(await termsOf(jobs, jobId), [...outputs]);

export const declineJob = async (jobs: JobEscrow, jobId: string, opening: ElementOpeningStruct) =>
  jobs.decline(await termsOf(jobs, jobId), opening);

export const expireJob = async (jobs: JobEscrow, jobId: string) => jobs.expire(await termsOf(jobs, jobId));

export const finaliseJob = async (jobs: JobEscrow, jobId: string, outputs: readonly Uint8Array[] = []) =>
  jobs.finalise(await termsOf(jobs, jobId), [...outputs]);

export const presentJob = async (jobs: JobEscrow, jobId: string) => jobs.present(await termsOf(jobs, jobId));

/** What an answered job leaves to the audit pool, whatever becomes of it. */
export const auditShareOf = (fee: bigint): bigint => (fee * BigInt(PARAMETERS.jobs.auditShare)) / 10_000n;

/** What the operator earns of a fee without royalty; what the consumer gets back of it if the answer is wrong or void. */
export const earned = (fee: bigint): bigint => fee - auditShareOf(fee);
