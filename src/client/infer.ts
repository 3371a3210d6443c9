import { hexlify, randomBytes } from "ethers";
import type { Logger } from "pino";

import { tensorBytes, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { receiptsOf, type ReceiptClaim } from "../dispute/claims.js";
import { TouchstoneError } from "../errors.js";
import { ask, RefusedError } from "../http/ask.js";
import { claimIdOf, refusalOf } from "../receipts/present.js";
import { rootOfTensors } from "../receipts/roots.js";
import { receiptDomain, signVoucher, type TypedDataSigner } from "../receipts/typed-data.js";
import {
  inferAnswer,
  RESERVATION_UNKNOWN,
  tensorsOf,
  terms as termsSchema,
  wireTensor,
  type InferAnswer,
  type TensorSpec,
  type Terms,
} from "../receipts/wire.js";
import type { State } from "../store/state.js";
import { openReservation, type Channel } from "./reservation.js";

/** What a client has to know of a model, from its own compilation. */
export interface ClientModel {
  readonly graph: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
}

/** What a client remembers: vouchers that it signed, receipts that it got. On disk where money depends on it. */
export type ClientState = Pick<State, "collection">;

export interface InferRequest {
  /** Of the operator. */
  readonly endpoint: URL;
  readonly model: ClientModel;
  readonly modelId: string;
  /** In the model's order, without bound inputs. */
  readonly inputs: readonly Tensor[];
  /** Most to pay for this answer. */
  readonly maxPrice: bigint;
  /** What to deposit where there is no reservation to pay from. */
  readonly deposit: bigint;
}

export interface InferResult {
  readonly claimId: string;
  readonly outputs: readonly Tensor[];
  readonly claim: ReceiptClaim;
}

export interface InferTools {
  readonly suite: Suite;
  readonly sender: Sender;
  /** The payer's key. */
  readonly signer: TypedDataSigner;
  readonly state: ClientState;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** Clients refuse receipts whose issue time is further from their own chain's. */
const MAX_CLOCK_SECONDS = 60;
const TIMEOUT_MS = 120_000;
/** How long an operator's nodes may be behind the payer's, and how often they are asked meanwhile. */
const [BEHIND_MS, AGAIN_MS] = [30_000, 500];
const TERMS_LIMIT = 64 * 1024;

/** Room for outputs in base64 and JSON around them. */
const answerLimit = (model: ClientModel): number =>
  model.graph.outputs.reduce((sum, { shape }) => sum + 12 * shape.reduce((a, b) => a * b, 1) + 256, 64 * 1024);

async function termsOf(suite: Suite, { endpoint, modelId, maxPrice }: InferRequest): Promise<Terms> {
  const url = new URL(`/v1/models/${modelId}`, endpoint);
  const terms = await ask(url, termsSchema, undefined, { timeoutMs: TIMEOUT_MS, limit: TERMS_LIMIT });
  const { chainId, receipts } = suite.deployment;
  if (terms.chainId !== chainId || terms.escrow.toLowerCase() !== receipts.toLowerCase() || terms.modelId !== modelId) {
    throw new TouchstoneError("ENDPOINT_FOREIGN", `${endpoint.origin} serves another deployment or model.`, {
      next: "Check the endpoint, TOUCHSTONE_RPC_URL and TOUCHSTONE_DEPLOYMENT.",
    });
  }
  if (terms.price > maxPrice) {
    throw new TouchstoneError("PRICE_TOO_HIGH", `An answer costs ${terms.price}, more than ${maxPrice}.`, {
      next: "Raise --max-price, or name another operator.",
    });
  }
  return terms;
}

/** Checks that an answer is what was asked and paid for, and that its receipt would be a claim. */
async function verified(
  suite: Suite,
  { model, modelId, inputs }: InferRequest,
  sent: { requestId: string; consumer: string; channel: Channel; price: bigint },
  { receipt, signature, outputs }: InferAnswer,
): Promise<{ claimId: string; outputs: Tensor[]; block: number }> {
  const refuse = (what: string): TouchstoneError =>
    new TouchstoneError("RECEIPT_REFUSED", `The answer's receipt is no good: ${what}.`, {
      next: "Do not rely on the answer, and name another operator: this one may be paid at most this one price.",
    });
  const tensors = tensorsOf(outputs, model.graph.outputs, "output");
  const { requestId, consumer, channel, price } = sent;
  const { reservation, operator } = channel;
  const expected = { requestId, reservation, modelId, operator, consumer, price };
  for (const [key, value] of Object.entries(expected)) {
    const said = receipt[key as keyof typeof expected];
    if (said !== value) throw refuse(`its ${key} is ${said}, not ${value}`);
  }
  if (receipt.inputsRoot !== rootOfTensors(inputs)) throw refuse("it speaks of other inputs");
  if (receipt.outputsRoot !== rootOfTensors(tensors)) throw refuse("it speaks of other outputs");
  const head = await suite.provider.getBlock("latest");
  const off = Math.abs((head?.timestamp ?? 0) - receipt.issuedAt);
  if (off > MAX_CLOCK_SECONDS) throw refuse(`its clock is off by ${off} s`);
  const refusal = await refusalOf(suite, { receipt, signature });
  if (refusal !== undefined) throw refuse(refusal.message);
  return { claimId: claimIdOf(suite, receipt), outputs: tensors, block: head?.number ?? 0 };
}

/** Asks, and again while the operator has yet to see a reservation that may be seconds old. The same request is charged once. */
async function askOnceSeen(url: URL, body: object, limit: number): Promise<InferAnswer> {
  const until = performance.now() + BEHIND_MS;
  for (;;) {
    try {
      return await ask(url, inferAnswer, body, { timeoutMs: TIMEOUT_MS, limit });
    } catch (thrown) {
      const isBehind = thrown instanceof RefusedError && thrown.code === RESERVATION_UNKNOWN;
      if (!isBehind || performance.now() > until) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/**
 * Buys one answer by receipt: reserves stake where none is reserved, signs a voucher for what is due, checks the answer and its
 * receipt and keeps them.
 * @throws TouchstoneError `PRICE_TOO_HIGH`, `RECEIPT_REFUSED`, `ENDPOINT_FAILED` or the endpoint's own refusal. A voucher
 * that was sent counts as spent unless the endpoint refused it, so that a silent endpoint costs one price at most.
 */
export async function infer(tools: InferTools, request: InferRequest): Promise<InferResult> {
  const { suite, sender, signer, state, log } = tools;
  const { endpoint, modelId, inputs, model } = request;
  const { price, ...terms } = await termsOf(suite, request);
  const channels = state.collection<Channel>("channel");
  const channel = await openReservation(tools, { endpoint, terms, deposit: request.deposit, price });
  const { reservation, operator } = channel;
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  const cumulative = channel.spent + price;
  const requestId = hexlify(randomBytes(32));
  const consumer = sender.address;
  // On disk before it leaves: a crash must not let the next voucher promise less than this one.
  channels.put(operator, { ...channel, spent: cumulative });
  const voucher = {
    reservation,
    cumulative,
    signature: await signVoucher(signer, domain, { reservation, cumulative }),
  };
  const body = { requestId, consumer, voucher, inputs: inputs.map(wireTensor) };
  const url = new URL(`/v1/models/${modelId}/infer`, endpoint);
  let answer: InferAnswer;
  try {
    answer = await askOnceSeen(url, body, answerLimit(model));
  } catch (thrown) {
    if (thrown instanceof RefusedError) channels.put(operator, channel);
    throw thrown;
  }
  const { claimId, outputs, block } = await verified(suite, request, { requestId, consumer, channel, price }, answer);
  const claim: ReceiptClaim = {
    claimId,
    source: suite.deployment.receipts,
    modelId,
    operator,
    inputs: inputs.map((tensor) => toHex(tensorBytes(tensor))),
    outputs: outputs.map((tensor) => toHex(tensorBytes(tensor))),
    block,
    receipt: { receipt: answer.receipt, signature: answer.signature },
  };
  receiptsOf(state).put(claimId, claim);
  log.info({ event: "answered", claimId, operator, price, spent: cumulative }, "answered by receipt");
  return { claimId, outputs, claim };
}
