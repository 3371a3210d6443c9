import { ZeroAddress, type TransactionReceipt } from "ethers";

import { tensorBytes, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { baseFeeAhead } from "../chain/fees.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import { signPermit, type PermitSigner, type SignedPermit } from "./permit.js";

export interface JobRequest {
  readonly modelId: string;
  /** Who shall answer; left out, an operator is drawn. */
  readonly operator?: string;
  /** In the model's order, without bound inputs. */
  readonly inputs: readonly Tensor[];
  /** Stake tokens behind the answer. */
  readonly lock: bigint;
  /** Seconds to answer. */
  readonly within: number;
  /** Most to pay; the named operator's price where left out. For a draw it is the fee and needed. */
  readonly pay?: bigint;
  /** Zero address for native coin; the named operator's where left out, native coin for a draw. */
  readonly currency?: string;
  /** Contract that is told the final answer, and the gas for it. */
  readonly callback?: { readonly address: string; readonly gas: number };
}

interface Requester {
  readonly suite: Suite;
  readonly sender: Sender;
  /** The sender's key, to sign permits for tokens with; without it an allowance is sent. */
  readonly signer?: PermitSigner;
}

/** Lets the escrow take tokens of a fee, where it may not yet: by a permit if the token knows them. */
async function allow(
  { suite, sender, signer }: Requester,
  currency: string,
  amount: bigint,
): Promise<SignedPermit | undefined> {
  const token = suite.token.attach(currency) as typeof suite.token;
  const spender = suite.deployment.jobs;
  if ((await token.allowance(sender.address, spender)) >= amount) return undefined;
  const permit = signer && (await signPermit(suite, signer, { token: currency, spender, value: amount }));
  if (permit === undefined) await sender.send(await token.approve.populateTransaction(spender, amount));
  return permit;
}

/** What the request costs beside gas. */
async function priceOf({ offers }: Suite, { modelId, operator, pay, currency }: JobRequest) {
  if (operator !== undefined) {
    const { offer } = await offers.offerOf(operator, modelId);
    return { currency: currency ?? offer.currency, maxFee: pay ?? offer.price, answerGas: offer.answerGas };
  }
  if (pay === undefined) {
    throw new TouchstoneError("FEE_MISSING", "A job whose operator is drawn needs a fee.", {
      next: "Say what you pay with --pay, or name an operator.",
    });
  }
  return { currency: currency ?? ZeroAddress, maxFee: pay, answerGas: 0n };
}

/** Asks for an answer, with the fee in escrow. */
export async function requestJob(
  requester: Requester,
  request: JobRequest,
): Promise<{ jobId: string; receipt: TransactionReceipt }> {
  const { suite, sender } = requester;
  const { jobs, abi, provider } = suite;
  const { modelId, operator = ZeroAddress, inputs, lock, within, callback } = request;
  const { currency, maxFee, answerGas } = await priceOf(suite, request);
  const callbackGas = callback?.gas ?? 0;
  const gas = answerGas + BigInt(callbackGas);
  let value = await jobs.gasFee(gas, await baseFeeAhead(provider));
  if (currency === ZeroAddress) value += maxFee;
  const permit = currency === ZeroAddress ? undefined : await allow(requester, currency, maxFee);
  const bytes = inputs.map((tensor) => toHex(tensorBytes(tensor)));
  const asked = {
    modelId,
    operator,
    currency,
    maxFee,
    lock,
    duration: within,
    callback: callback?.address ?? ZeroAddress,
    callbackGas,
  };
  const receipt = await sender.send(
    permit === undefined
      ? await jobs.request.populateTransaction(asked, bytes, { value })
      : await jobs.requestWithPermit.populateTransaction(asked, bytes, permit, { value }),
  );
  const requested = receipt.logs.map((log) => abi.parseLog(log)).find((event) => event?.name === "JobRequested");
  if (!requested) throw new TouchstoneError("EVENT_MISSING", `Transaction ${receipt.hash} requested no job.`);
  return { jobId: requested.args.getValue("jobId") as string, receipt };
}
