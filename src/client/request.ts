import type { TransactionReceipt } from "ethers";

import { tensorBytes, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";

export interface JobRequest {
  readonly modelId: string;
  readonly operator: string;
  /** In the model's order, without bound inputs. */
  readonly inputs: readonly Tensor[];
  /** Stake tokens behind the answer. */
  readonly lock: bigint;
  /** Seconds to answer. */
  readonly within: number;
  /** Most to pay; the operator's price where left out. */
  readonly pay?: bigint;
}

/** Asks an operator for an answer, with the fee in escrow. */
export async function requestJob(
  { suite, sender }: { suite: Suite; sender: Sender },
  { modelId, operator, inputs, lock, within, pay }: JobRequest,
): Promise<{ jobId: string; receipt: TransactionReceipt }> {
  const { jobs, abi } = suite;
  const value = pay ?? (await jobs.offerOf(operator, modelId)).offer.price;
  const bytes = inputs.map((tensor) => toHex(tensorBytes(tensor)));
  const call = await jobs.request.populateTransaction(modelId, operator, bytes, lock, within, { value });
  const receipt = await sender.send(call);
  const requested = receipt.logs.map((log) => abi.parseLog(log)).find((event) => event?.name === "JobRequested");
  if (!requested) throw new TouchstoneError("EVENT_MISSING", `Transaction ${receipt.hash} requested no job.`);
  return { jobId: requested.args.getValue("jobId") as string, receipt };
}
