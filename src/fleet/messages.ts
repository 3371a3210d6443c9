import { randomBytes } from "node:crypto";

import { z } from "zod";

import type { Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { faultsOf } from "../faults.js";
import { fromBinary, toBinary } from "../receipts/binary.js";
import { rawTensorOf, type RawTensor } from "../receipts/wire.js";

/*
 * What a gateway and its inference hosts tell each other by way of the queue. Tensors travel as in binary requests (docs/contracts/receipts.md):
 * a JSON header and the committed bytes. Neither side believes what comes before it is parsed here and compared with the model.
 */

/** The stream that keeps work until a host has answered it. */
export const STREAM = "touchstone-fleet";
const WORK = "touchstone.fleet.work";
const ANSWERS = "touchstone.fleet.answer";
/** Hosts say here that they live, and what they serve. */
export const PRESENCE = "touchstone.fleet.host";
export const ALL_WORK = `${WORK}.*`;

/** Work for a model; content ids are the same wherever a model was registered. */
export const workSubject = (contentId: string): string => `${WORK}.${contentId}`;
/** Where one gateway gets its answers; nobody can guess it. */
export const answerSubject = (): string => `${ANSWERS}.${randomBytes(16).toString("hex")}`;

const contentId = z.string().regex(/^0x[0-9a-f]{64}$/);
const identifier = z.string().regex(/^[0-9a-f]{1,32}$/);
const raw = z.object({
  dtype: z.string().max(8),
  shape: z.array(z.number()).max(16),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});
const tensors = z.array(raw).max(64);

const work = z.object({
  id: identifier,
  contentId,
  answerTo: z.string().regex(/^touchstone\.fleet\.answer\.[0-9a-f]{32}$/),
  inputs: tensors,
});

const answer = z.object({
  id: identifier,
  host: z.string().max(64),
  /** Which try of the queue it was, from 1. */
  delivery: z.number().int().positive().max(1_000),
  failure: z.object({ code: z.string().max(64), message: z.string().max(2_000) }).optional(),
  outputs: tensors,
});

const presence = z.object({
  host: z.string().min(1).max(64),
  models: z.array(contentId).max(1_024),
});

export type Presence = z.infer<typeof presence>;
export interface Work {
  readonly id: string;
  readonly contentId: string;
  readonly answerTo: string;
  readonly inputs: readonly RawTensor[];
}
export interface Answer {
  readonly id: string;
  readonly host: string;
  readonly delivery: number;
  /** Why the host has no outputs. */
  readonly failure?: { readonly code: string; readonly message: string } | undefined;
  readonly outputs: readonly RawTensor[];
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TouchstoneError("FLEET_MESSAGE", `A message of the queue is wrong: ${faultsOf(parsed.error)}`, {
    next: "Let gateway and hosts run the same version, and nobody else write to their subjects.",
  });
}

export const encodeWork = (message: Omit<Work, "inputs">, inputs: readonly Tensor[]): Uint8Array =>
  toBinary({ ...message, inputs: inputs.map(rawTensorOf) }, "inputs");

export const encodeAnswer = (message: Omit<Answer, "outputs">, outputs: readonly Tensor[]): Uint8Array =>
  toBinary({ ...message, outputs: outputs.map(rawTensorOf) }, "outputs");

export const encodePresence = (message: Presence): Uint8Array => Buffer.from(JSON.stringify(message));

/** @throws TouchstoneError `BODY_INVALID`, `FLEET_MESSAGE`. The tensors still have to be compared with the model (`tensorsOf`). */
export const decodeWork = (bytes: Uint8Array): Work => parse(work, fromBinary(bytes, "inputs")) as Work;
/** @throws TouchstoneError `BODY_INVALID`, `FLEET_MESSAGE`. */
export const decodeAnswer = (bytes: Uint8Array): Answer => parse(answer, fromBinary(bytes, "outputs")) as Answer;

/** @throws TouchstoneError `FLEET_MESSAGE`. */
export function decodePresence(bytes: Uint8Array): Presence {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    value = undefined;
  }
  return parse(presence, value);
}
