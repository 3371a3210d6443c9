import { concat, hexlify, keccak256 } from "ethers";

import type { DType } from "../../src/audit/graph.js";
import { LEAF, tensorTreeOfBytes } from "../../src/audit/tree.js";
import type { ElementOpeningStruct } from "../../typechain-types/jobs/JobEscrow.js";
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

export interface RequestChange {
  readonly inputs?: readonly Uint8Array[];
  readonly lock?: bigint;
  readonly duration?: number;
  readonly value?: bigint;
}

/** Asks the connection's owner to run the model; resolves with the job's id. */
export async function requestJob(chain: Connection, setup: JobSetup, change: RequestChange = {}): Promise<string> {
  const { inputs = INPUTS, lock = 100n * TOKEN, duration = 2 * HOUR, value = OFFER.price } = change;
  const asConsumer = setup.jobs.connect(chain.consumer);
  const { modelId } = setup;
  const jobId = await asConsumer.request.staticCall(modelId, chain.owner, [...inputs], lock, duration, { value });
  await asConsumer.request(modelId, chain.owner, [...inputs], lock, duration, { value });
  return jobId;
}

/** A job that is answered and can be challenged. */
export async function answeredJob(chain: Connection, setup: JobSetup, change: RequestChange = {}): Promise<string> {
  const jobId = await requestJob(chain, setup, change);
  await setup.jobs.connect(chain.worker).submit(jobId, [...OUTPUTS]);
  return jobId;
}
