import { ScalarType, type DescMessage } from "@bufbuild/protobuf";
import { beyondLimit, malformed } from "./errors.js";
import type { OnnxLimits } from "./limits.js";

/** Wire types of the protobuf encoding (Protocol Buffers documentation, "Encoding"). */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

interface Frame {
  readonly message: DescMessage;
  readonly end: number;
}

type FieldKind = { kind: "message"; message: DescMessage } | { kind: "numbers"; bytesEach: number } | { kind: "bytes" };

/** Bytes that one number of a packed list takes at least. */
function packedSize(type: ScalarType): number | undefined {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined;
    case ScalarType.FLOAT:
      return 4;
    case ScalarType.DOUBLE:
      return 8;
    default:
      return 1;
  }
}

function fieldKinds(message: DescMessage): Map<number, FieldKind> {
  const kinds = new Map<number, FieldKind>();
  for (const field of message.fields) {
    const bytesEach = field.fieldKind === "list" && field.listKind === "scalar" ? packedSize(field.scalar) : undefined;
    if (field.message !== undefined) kinds.set(field.number, { kind: "message", message: field.message });
    else if (bytesEach !== undefined) kinds.set(field.number, { kind: "numbers", bytesEach });
    else kinds.set(field.number, { kind: "bytes" });
  }
  return kinds;
}

function varint(bytes: Uint8Array, at: number, end: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = at + i < end ? bytes[at + i] : undefined;
    if (byte === undefined) break;
    // Only lengths and tags are used as numbers; beyond 2^53 the sum is inexact but stays too large for any length.
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw malformed(`Truncated or overlong number at byte ${at}`);
}

/**
 * Walks the encoding of `root` without building anything and without recursion, so that lengths, nesting and the number of
 * messages and numbers are known to be harmless before the real decoder allocates objects for them.
 */
export function checkWire(bytes: Uint8Array, root: DescMessage, limits: OnnxLimits): void {
  if (bytes.length > limits.fileBytes)
    throw beyondLimit(`The file has ${bytes.length} bytes, at most ${limits.fileBytes} are read`);
  const kindsOf = new Map<DescMessage, Map<number, FieldKind>>();
  const stack: Frame[] = [{ message: root, end: bytes.length }];
  let messages = 0;
  let values = 0;
  let at = 0;
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (at === frame.end) {
      stack.pop();
      continue;
    }
    let kinds = kindsOf.get(frame.message);
    if (kinds === undefined) kindsOf.set(frame.message, (kinds = fieldKinds(frame.message)));
    const tag = varint(bytes, at, frame.end);
    at = tag.next;
    const field = kinds.get(Math.floor(tag.value / 8));
    switch (tag.value % 8) {
      case VARINT:
        at = varint(bytes, at, frame.end).next;
        values++;
        break;
      case FIXED64:
        at += 8;
        values++;
        break;
      case FIXED32:
        at += 4;
        values++;
        break;
      case BYTES: {
        const length = varint(bytes, at, frame.end);
        const end = length.next + length.value;
        if (end > frame.end)
          throw malformed(`A field at byte ${at} claims ${length.value} bytes and runs past its message`);
        at = length.next;
        if (field?.kind === "message") {
          if (++messages > limits.messages) throw beyondLimit(`The file has more than ${limits.messages} messages`);
          if (stack.length >= limits.depth)
            throw beyondLimit(`The file nests messages deeper than ${limits.depth} levels`);
          stack.push({ message: field.message, end });
        } else {
          // A packed list may hold as many numbers as it has bytes; a string or blob costs one object.
          values += field?.kind === "numbers" ? Math.max(1, length.value / field.bytesEach) : 1;
          at = end;
        }
        break;
      }
      default:
        throw malformed(`Unknown wire type ${tag.value % 8} at byte ${at}`);
    }
    if (at > frame.end) throw malformed(`A field runs past the end of its message at byte ${frame.end}`);
    if (values > limits.values)
      throw beyondLimit(`The file stores more than ${limits.values} numbers outside raw data`);
  }
}
