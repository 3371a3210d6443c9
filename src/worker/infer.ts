import { randomBytes } from "node:crypto";

import type { Logger } from "pino";

import { tensorBytes, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import type { Suite } from "../chain/suite.js";
import { receiptsOf, type ReceiptClaim } from "../dispute/claims.js";
import { internalError } from "../errors.js";
import { HttpError } from "../http/server.js";
import type { Catalogue } from "../models/catalogue.js";
import { firstOutside } from "../models/domain.js";
import type { PreparedModel } from "../models/prepared.js";
import { claimIdOf } from "../receipts/present.js";
import { rootOfTensors } from "../receipts/roots.js";
import {
  offerDigest,
  receiptDomain,
  signOffer,
  signReceipt,
  type ReservationOffer,
  type TypedDataSigner,
} from "../receipts/typed-data.js";
import { tensorsOf, wireTensor, type InferAnswer, type Terms, type WireTensor } from "../receipts/wire.js";
import type { State } from "../store/state.js";
import { accountsOf, createTill, type SignedVoucher } from "./till.js";
import type { Answerer } from "./worker.js";

/** What an operator serves by HTTP, and on which terms. */
export interface Service {
  /** Price of an answer by model id, in `currency`. */
  readonly prices: ReadonlyMap<string, bigint>;
  /** Zero address: the native coin. */
  readonly currency: string;
  /** Stake tokens behind each reservation that is offered. */
  readonly lock: bigint;
  readonly minDeposit: bigint;
  /** Seconds that a reservation lasts. */
  readonly duration: number;
  /** Most requests at work at a time. */
  readonly concurrency: number;
}

export interface InferRequest {
  readonly requestId: string;
  readonly consumer: string;
  readonly voucher?: SignedVoucher | undefined;
  readonly inputs: readonly WireTensor[];
}

export interface InferService {
  terms(modelId: string): Terms;
  offer(payer: string): Promise<{ offer: ReservationOffer; signature: string }>;
  /** Answers a paid request. The same request is answered the same way again, and charged once. */
  infer(modelId: string, request: InferRequest): Promise<InferAnswer>;
}

export interface InferOptions {
  readonly suite: Suite;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly answer: Answerer;
  /** The operator (owner address) that this worker answers for. */
  readonly operator: string;
  /** The worker's key. */
  readonly signer: TypedDataSigner;
  readonly service: Service;
  readonly log: Logger;
}

/** How long an offer can be accepted. */
const OFFER_SECONDS = 600;

export function createInferService(options: InferOptions): InferService {
  const { suite, state, catalogue, operator, signer, service, log } = options;
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  const accounts = accountsOf(state);
  const issued = receiptsOf(state);
  /** Claim ids by reservation and request. */
  const requests = state.collection<string>("request");
  const till = createTill({ suite, operator, accounts });
  /** The last request of each reservation: they are charged one after the other. */
  const queues = new Map<string, Promise<unknown>>();
  let atWork = 0;

  async function chainTime(): Promise<{ now: number; block: number }> {
    const head = await suite.provider.getBlock("latest");
    if (head === null) throw internalError("the node has no block");
    return { now: head.timestamp, block: head.number };
  }

  function priceOf(modelId: string): bigint {
    const price = service.prices.get(modelId);
    if (price === undefined) {
      throw new HttpError(404, "MODEL_NOT_SERVED", `Model ${modelId} is not served here.`);
    }
    return price;
  }

  function answerTo(model: PreparedModel, claim: ReceiptClaim): InferAnswer {
    const outputs = model.graph.outputs.map(({ dtype, shape }, i) => {
      const data = Buffer.from((claim.outputs[i] ?? "0x").slice(2), "hex").toString("base64");
      return { dtype, shape: [...shape], data };
    });
    return { outputs, receipt: claim.receipt.receipt, signature: claim.receipt.signature };
  }

  function requireDomain(model: PreparedModel, inputs: readonly Tensor[]): void {
    for (const [i, spec] of model.graph.inputs.entries()) {
      const tensor = inputs[i];
      const element = tensor && firstOutside(tensorBytes(tensor), spec);
      if (element === undefined) continue;
      throw new HttpError(422, "INPUT_OUTSIDE_DOMAIN", `Element ${element} of input "${spec.name}" is out of range.`, {
        next: "Nothing was charged. Send values inside the domain that the model was registered with.",
      });
    }
  }

  async function serve(modelId: string, request: InferRequest): Promise<InferAnswer> {
    const price = priceOf(modelId);
    const model = await catalogue.get(modelId);
    const inputs = tensorsOf(request.inputs, model.graph.inputs, "input");
    const inputsRoot = rootOfTensors(inputs);
    const key = `${request.voucher?.reservation}:${request.requestId}`;
    const before = issued.get(requests.get(key) ?? "");
    if (before !== undefined) {
      if (before.receipt.receipt.inputsRoot === inputsRoot && before.modelId === modelId)
        return answerTo(model, before);
      throw new HttpError(409, "REQUEST_ID_USED", "This request id belongs to another request.", {
        next: "Draw a fresh request id for every request.",
      });
    }
    requireDomain(model, inputs);
    const account = await till.charge(request.voucher, price);
    const outputs = await options.answer(model, inputs, request.requestId);
    const [{ now, block }, { version }] = await Promise.all([
      chainTime(),
      suite.receipts.reservationOf(account.reservation),
    ]);
    const { requestId, consumer } = request;
    const { reservation } = account;
    const receipt = {
      ...{ requestId, reservation, modelId, inputsRoot, operator, consumer, price },
      outputsRoot: rootOfTensors(outputs),
      issuedAt: now,
      version: Number(version),
    };
    const signature = await signReceipt(signer, domain, receipt);
    const claim: ReceiptClaim = {
      claimId: claimIdOf(suite, receipt),
      source: suite.deployment.receipts,
      modelId,
      operator,
      inputs: inputs.map((tensor) => toHex(tensorBytes(tensor))),
      outputs: outputs.map((tensor) => toHex(tensorBytes(tensor))),
      block,
      receipt: { receipt, signature },
    };
    // Before the answer leaves: whoever holds it can present it, and then it has to be defended.
    state.atomically(() => {
      accounts.put(reservation, account);
      issued.put(claim.claimId, claim);
      requests.put(key, claim.claimId);
    });
    log.info({ event: "inferred", claimId: claim.claimId, modelId, reservation, price }, "answered by receipt");
    return { outputs: outputs.map(wireTensor), receipt, signature };
  }

  return {
    terms: (modelId) => ({
      modelId,
      chainId: suite.deployment.chainId,
      escrow: suite.deployment.receipts,
      operator,
      price: priceOf(modelId),
      currency: service.currency,
      lock: service.lock,
      minDeposit: service.minDeposit,
      duration: service.duration,
    }),
    offer: async (payer) => {
      const { now } = await chainTime();
      const { lock, currency, minDeposit, duration } = service;
      const salt = toHex(randomBytes(32));
      const offer = { operator, payer, lock, currency, minDeposit, duration, activateBy: now + OFFER_SECONDS, salt };
      log.info({ event: "offered", payer, reservation: offerDigest(domain, offer) }, "offered a reservation");
      return { offer, signature: await signOffer(signer, domain, offer) };
    },
    infer: async (modelId, request) => {
      if (atWork >= service.concurrency) {
        throw new HttpError(503, "BUSY", `${atWork} requests are at work.`, { next: "Try again in a moment." });
      }
      atWork++;
      const queue = request.voucher?.reservation ?? "";
      const mine = (queues.get(queue) ?? Promise.resolve()).then(() => serve(modelId, request));
      const settled = mine.catch(() => undefined);
      queues.set(queue, settled);
      try {
        return await mine;
      } finally {
        atWork--;
        if (queues.get(queue) === settled) queues.delete(queue);
      }
    },
  };
}
