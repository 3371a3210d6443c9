import { decodeBase64, encodeBase64 } from "ethers";
import { z } from "zod";

import { tensorFromBytes, tensorBytes } from "../audit/bytes.js";
import { DTYPE_CODE, type DType, type Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { faultsOf } from "../faults.js";
import { checksummed } from "./address.js";

/*
 * The JSON that clients, workers and watchers exchange (docs/contracts/receipts.md, HTTP). Amounts are decimal text, because
 * JSON numbers lose digits; hashes and addresses are 0x and hex digits.
 */

const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase());
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => checksummed(text.slice(2).toLowerCase()));
const signature = z.string().regex(/^0x(?:[0-9a-fA-F]{2}){1,4096}$/);
const amount = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform((text) => BigInt(text));
const count = (bits: number): z.ZodNumber =>
  z
    .number()
    .int()
    .nonnegative()
    .max(2 ** bits - 1);

/** A tensor; `data` holds its elements row-major and big-endian, as they are committed, in base64. */
const tensor = z.object({
  dtype: z.enum(Object.keys(DTYPE_CODE) as [DType, ...DType[]]),
  shape: z.array(z.number().int().positive()).max(16),
  data: z.base64(),
});
export type WireTensor = z.infer<typeof tensor>;

/** A tensor as a binary message carries it: the same bytes, as they are. */
const rawTensor = z.object({ ...tensor.shape, data: z.custom<Uint8Array>((value) => value instanceof Uint8Array) });
export type RawTensor = Readonly<z.infer<typeof rawTensor>>;

const receipt = z.object({
  requestId: hash,
  reservation: hash,
  modelId: hash,
  inputsRoot: hash,
  outputsRoot: hash,
  operator: address,
  consumer: address,
  price: amount,
  issuedAt: count(48),
  version: count(32),
});

const offer = z.object({
  operator: address,
  payer: address,
  lock: amount,
  currency: address,
  minDeposit: amount,
  duration: count(32),
  activateBy: count(48),
  salt: hash,
});

/** `POST /v1/models/{id}/infer`. */
export const inferRequest = z.object({
  requestId: hash,
  consumer: address,
  voucher: z.object({ reservation: hash, cumulative: amount, signature }).optional(),
  inputs: z.array(tensor).max(64),
});
export const binaryInferRequest = z.object({ ...inferRequest.shape, inputs: z.array(rawTensor).max(64) });
export const inferAnswer = z.object({ outputs: z.array(tensor).max(64), receipt, signature });
export type InferAnswer = z.infer<typeof inferAnswer>;

/** `GET /v1/models/{id}`: what an answer costs, and what stands behind it. */
export const terms = z.object({
  modelId: hash,
  chainId: z.number().int().positive(),
  escrow: address,
  operator: address,
  price: amount,
  currency: address,
  lock: amount,
  minDeposit: amount,
  duration: count(32),
});
export type Terms = z.infer<typeof terms>;

/** `GET /v1/models`. */
export const modelList = z.object({ models: z.array(terms) });

/** `POST /v1/reservations`: asks for an offer to accept on-chain. */
export const offerRequest = z.object({ payer: address });
export const offerAnswer = z.object({ offer, signature });

/** `POST /v1/receipts` of a watcher. */
export const receiptSubmission = z.object({
  receipt,
  signature,
  inputs: z.array(tensor).max(64),
  outputs: z.array(tensor).max(64),
});
export const submissionAnswer = z.object({ claimId: hash });
export type ReceiptSubmission = z.infer<typeof receiptSubmission>;

/** Code of the refusal where the operator's nodes do not know of a reservation, or not yet: asked again soon, it may be answered. */
export const RESERVATION_UNKNOWN = "RESERVATION_UNKNOWN";

/** Every answer that is not 2xx. `spent` comes with 402: what the endpoint counts under the reservation so far. */
export const wireError = z.object({
  error: z.object({
    code: z.string().max(64),
    message: z.string().max(2_000),
    next: z.string().max(2_000).optional(),
    spent: amount.optional(),
    price: amount.optional(),
  }),
});

/** The JSON of a value: amounts as text. */
export const toWire = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? v.toString() : v));

/**
 * Parses what the other side sent.
 * @throws TouchstoneError `BODY_INVALID` naming each wrong field.
 */
export function fromWire<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TouchstoneError("BODY_INVALID", faultsOf(parsed.error), {
    next: "See docs/contracts/receipts.md for the fields of each message.",
  });
}

export const rawTensorOf = (value: Tensor): RawTensor => ({
  dtype: value.dtype,
  shape: [...value.shape],
  data: tensorBytes(value),
});

export const wireOf = ({ data, ...rest }: RawTensor): WireTensor => ({
  ...rest,
  data: encodeBase64(data),
});

export const wireTensor = (value: Tensor): WireTensor => wireOf(rawTensorOf(value));

/** A tensor as it was sent, with its committed bytes. */
export const rawOf = ({ dtype, shape, data }: WireTensor | RawTensor): RawTensor => ({
  dtype,
  shape,
  data: typeof data === "string" ? decodeBase64(data) : data,
});

/** What a model says of one of its inputs or outputs. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/**
 * Tensors that were sent, compared with what the model says of them.
 * @throws TouchstoneError `TENSORS_WRONG`, or `TENSOR_BYTES` where the bytes do not fit.
 */
export function tensorsOf(
  sent: readonly (WireTensor | RawTensor)[],
  specs: readonly TensorSpec[],
  what: "input" | "output",
): Tensor[] {
  const wrong = (message: string): TouchstoneError =>
    new TouchstoneError("TENSORS_WRONG", message, { next: `Send what the model names, one ${what} each, in order.` });
  if (sent.length !== specs.length) throw wrong(`The model has ${specs.length} ${what}s, ${sent.length} were sent.`);
  return specs.map(({ name, dtype, shape }, i) => {
    const given = sent[i];
    if (given?.dtype !== dtype || given.shape.join() !== shape.join()) {
      throw wrong(`The ${what} "${name}" is ${dtype}[${shape.join()}], not ${given?.dtype}[${given?.shape.join()}].`);
    }
    return tensorFromBytes(rawOf(given).data, dtype, shape);
  });
}
