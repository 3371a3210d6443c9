import { randomBytes } from "node:crypto";

import type { Logger } from "pino";

import { fromHex, toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import type { Suite } from "../chain/suite.js";
import { receiptsOf, type FreshReceipt, type ReceiptClaim } from "../dispute/claims.js";
import { busy, HttpError } from "../http/server.js";
import type { Metrics } from "../metrics.js";
import type { Catalogue } from "../models/catalogue.js";
import { firstOutsideOf } from "../models/domain.js";
import type { PreparedModel } from "../models/prepared.js";
import { rootOfRaw } from "../receipts/roots.js";
import type { ReceiptKey } from "../receipts/keys.js";
import {
  offerDigest,
  receiptDigest,
  receiptDomain,
  type Receipt,
  type ReservationOffer,
} from "../receipts/typed-data.js";
import { rawOf, rawTensorOf, tensorsOf, type RawTensor, type Terms, type WireTensor } from "../receipts/wire.js";
import type { State } from "../store/state.js";
import { accountsOf, createTill, type Charge, type SignedVoucher } from "./till.js";
import type { ChainView, Moment } from "./view.js";
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
  readonly inputs: readonly (WireTensor | RawTensor)[];
}

/** An answer by receipt. */
export interface Served {
  readonly outputs: readonly RawTensor[];
  readonly receipt: Receipt;
  readonly signature: string;
}

export interface InferService {
  /** Ids of all models that are served. */
  models(): string[];
  terms(modelId: string): Terms;
  offer(payer: string): Promise<{ offer: ReservationOffer; signature: string }>;
  /** Answers a paid request. The same request is answered the same way again, and charged once. */
  infer(modelId: string, request: InferRequest): Promise<Served>;
}

export interface InferOptions {
  readonly suite: Suite;
  readonly view: ChainView;
  readonly state: State;
  readonly catalogue: Catalogue;
  readonly answer: Answerer;
  /** The operator (owner address) that this worker answers for. */
  readonly operator: string;
  /** The worker's address, and its key. */
  readonly worker: string;
  readonly key: ReceiptKey;
  readonly service: Service;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Why a model can't be answered for now (see `SelfTest`). */
  readonly maintenance?: (model: PreparedModel) => string | undefined;
}

/** How long an offer can be accepted. */
const OFFER_SECONDS = 600;

export function createInferService(options: InferOptions): InferService {
  const { suite, view, state, catalogue, operator, worker, key, service, log, metrics } = options;
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  const accounts = accountsOf(state);
  const issued = receiptsOf(state);
  /** Claim ids by reservation and request. */
  const requests = state.collection<string>("request");
  const till = createTill({ suite, view, operator, accounts });
  /** Requests at work, by reservation and request: a second one like it waits for the first. */
  const underWay = new Map<string, Promise<unknown>>();
  let atWork = 0;

  function priceOf(modelId: string): bigint {
    const price = service.prices.get(modelId);
    if (price === undefined) {
      throw new HttpError(404, "MODEL_NOT_SERVED", `Model ${modelId} is not served here.`);
    }
    return price;
  }

  /** A moment in which the key is in office: what it signs at another time is worth nothing to who pays for it. */
  async function inOffice(): Promise<Moment> {
    for (const fresh of [false, true]) {
      const moment = await view.moment(fresh);
      if (moment.worker === worker) return moment;
    }
    throw new HttpError(503, "NOT_IN_OFFICE", `${worker} is not the key of operator ${operator} now.`, {
      next: "Nothing was charged. A new key is in office from the next second on: ask again in a moment.",
      headers: { "retry-after": "1" },
    });
  }

  function answerTo(model: PreparedModel, claim: ReceiptClaim): Served {
    const outputs = model.graph.outputs.map(({ dtype, shape }, i) => {
      return { dtype, shape: [...shape], data: fromHex(claim.outputs[i] ?? "0x") };
    });
    return { outputs, receipt: claim.receipt.receipt, signature: claim.receipt.signature };
  }

  function requireDomain(model: PreparedModel, inputs: readonly Tensor[]): void {
    for (const [i, spec] of model.graph.inputs.entries()) {
      const tensor = inputs[i];
      const element = tensor && firstOutsideOf(tensor, spec);
      if (element === undefined) continue;
      throw new HttpError(422, "INPUT_OUTSIDE_DOMAIN", `Element ${element} of input "${spec.name}" is out of range.`, {
        next: "Nothing was charged. Send values inside the domain that the model was registered with.",
      });
    }
  }

  /** The answer that a request got before, if it did. */
  function given(model: PreparedModel, modelId: string, key: string, inputsRoot: string): Served | undefined {
    const claimId = requests.get(key);
    const before = claimId === undefined ? undefined : issued.get(claimId);
    if (before === undefined) return undefined;
    if (before.receipt.receipt.inputsRoot === inputsRoot && before.modelId === modelId) return answerTo(model, before);
    throw new HttpError(409, "REQUEST_ID_USED", "This request id belongs to another request.", {
      next: "Draw a fresh request id for every request.",
    });
  }

  async function serve(modelId: string, request: InferRequest): Promise<Served> {
    const price = priceOf(modelId);
    const model = await catalogue.get(modelId);
    const reason = options.maintenance?.(model);
    if (reason !== undefined) {
      throw new HttpError(503, "MAINTENANCE", `The model is not served now: ${reason}`, {
        next: "Name another operator, or try again later. Nothing was charged.",
        headers: { "retry-after": "600" },
      });
    }
    const sent = request.inputs.map(rawOf);
    const inputs = tensorsOf(sent, model.graph.inputs, "input");
    const inputsRoot = rootOfRaw(sent);
    const name = `${request.voucher?.reservation}:${request.requestId}`;
    await underWay.get(name)?.catch(() => undefined);
    const before = given(model, modelId, name, inputsRoot);
    if (before !== undefined) return before;
    requireDomain(model, inputs);
    await inOffice();
    const charge = await till.charge(request.voucher, price);
    // Between the look above and here another one like it may have begun.
    if (underWay.has(name)) {
      charge.end();
      return serve(modelId, request);
    }
    const work = answer(model, modelId, { ...request, price }, { inputs, sent, inputsRoot }, charge, name);
    underWay.set(name, work);
    try {
      return await work;
    } finally {
      underWay.delete(name);
      charge.end();
    }
  }

  async function answer(
    model: PreparedModel,
    modelId: string,
    { requestId, consumer, price }: InferRequest & { price: bigint },
    { inputs, sent, inputsRoot }: { inputs: readonly Tensor[]; sent: readonly RawTensor[]; inputsRoot: string },
    charge: Charge,
    name: string,
  ): Promise<Served> {
    const { reservation, version } = charge;
    const outputs = await options.answer(model, inputs, requestId);
    const raw = outputs.map(rawTensorOf);
    const { timestamp, block } = await inOffice();
    const receipt = {
      ...{ requestId, reservation, modelId, inputsRoot, operator, consumer, price, version },
      outputsRoot: rootOfRaw(raw),
      issuedAt: timestamp,
    };
    const claimId = receiptDigest(domain, receipt);
    const signature = await key.receipt(domain, receipt);
    const claim: FreshReceipt = {
      claimId,
      source: suite.deployment.receipts,
      modelId,
      operator,
      inputs: sent.map(({ data }) => data),
      outputs: raw.map(({ data }) => data),
      block,
      receipt: { receipt, signature },
    };
    // Before the answer leaves: whoever holds it can present it, and then it has to be defended.
    await state.durably(() => {
      accounts.put(reservation, charge.account());
      // From here on it counts as spent: set aside as well, it would count twice while the disk works.
      charge.end();
      issued.add(claim);
      requests.put(name, claimId);
    });
    metrics?.answers.inc({ kind: "receipt" });
    log.info({ event: "inferred", claimId, modelId, reservation, price }, "answered by receipt");
    return { outputs: raw, receipt, signature };
  }

  return {
    models: () => [...service.prices.keys()],
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
      const { timestamp } = await view.moment();
      const { lock, currency, minDeposit, duration } = service;
      const [salt, activateBy] = [toHex(randomBytes(32)), timestamp + OFFER_SECONDS];
      const offer = { operator, payer, lock, currency, minDeposit, duration, activateBy, salt };
      const reservation = offerDigest(domain, offer);
      log.info({ event: "offered", payer, reservation }, "offered a reservation");
      return { offer, signature: await key.offer(domain, offer) };
    },
    infer: async (modelId, request) => {
      if (atWork >= service.concurrency) throw busy(atWork);
      metrics?.atWork.set(++atWork);
      try {
        return await serve(modelId, request);
      } finally {
        metrics?.atWork.set(--atWork);
      }
    },
  };
}
