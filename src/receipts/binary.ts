import { DTYPE_BYTES } from "../audit/graph.js";
import { numelOf } from "../audit/bytes.js";
import { TouchstoneError } from "../errors.js";
import { toWire, type RawTensor } from "./wire.js";

/*
 * The binary form of messages that carry tensors: four bytes with the length of a header, big-endian, the header, which is the JSON
 * message with tensors that have no `data`, and then the committed bytes of all tensors in order. It saves base64: a third of the bytes.
 */

/** Content type of a binary message. */
export const TENSORS_TYPE = "application/x-touchstone-tensors";

const LENGTH_BYTES = 4;
const MOST_HEADER_BYTES = 1024 * 1024;

const malformed = (why: string): TouchstoneError =>
  new TouchstoneError("BODY_INVALID", `The binary message is malformed: ${why}.`, {
    next: "See docs/contracts/receipts.md, HTTP.",
  });

/** @param field the message's field that holds tensors */
export function toBinary<F extends string>(message: Readonly<Record<F, readonly RawTensor[]>>, field: F): Buffer {
  const tensors = message[field];
  const bare = { ...message, [field]: tensors.map(({ dtype, shape }) => ({ dtype, shape })) };
  const header = Buffer.from(toWire(bare));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, ...tensors.map(({ data }) => data)]);
}

/**
 * The message with its tensors' bytes in place, to be checked as any other.
 * @throws TouchstoneError `BODY_INVALID`.
 */
export function fromBinary(bytes: Uint8Array, field: "inputs" | "outputs"): unknown {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < LENGTH_BYTES) throw malformed("it has no header");
  const end = LENGTH_BYTES + whole.readUInt32BE(0);
  if (end > whole.length || end > MOST_HEADER_BYTES) throw malformed("its header is longer than it");
  let header: unknown;
  try {
    header = JSON.parse(whole.toString("utf8", LENGTH_BYTES, end));
  } catch {
    throw malformed("its header is not JSON");
  }
  const bare = (header as Record<string, unknown> | null)?.[field];
  if (!Array.isArray(bare)) throw malformed(`its header has no ${field}`);
  let at = end;
  const tensors = bare.map((tensor: { dtype?: unknown; shape?: unknown } | null) => {
    const width = DTYPE_BYTES[tensor?.dtype as keyof typeof DTYPE_BYTES] as number | undefined;
    const shape = tensor?.shape;
    if (width === undefined || !Array.isArray(shape)) throw malformed("a tensor has no dtype or shape");
    const size = width * numelOf(shape as number[]);
    if (!Number.isSafeInteger(size) || size < 0 || at + size > whole.length)
      throw malformed("a tensor's bytes are missing");
    const data = whole.subarray(at, (at += size));
    return { ...tensor, data };
  });
  if (at !== whole.length) throw malformed("bytes are left over");
  return { ...(header as object), [field]: tensors };
}
