import { create } from "@bufbuild/protobuf";
import {
  allocate,
  codeName,
  ELEMENT,
  type ElementArray,
  type ElementType,
  elementType,
  type OnnxTensor,
} from "./element.js";
import { beyondLimit, malformed, OnnxError } from "./errors.js";
import { readExternal, type ExternalData } from "./external.js";
import { type TensorProto, TensorProtoSchema } from "./gen/onnx_pb.js";
import { bfloatToNumber, halfToNumber } from "./half.js";
import { DEFAULT_LIMITS, type OnnxLimits } from "./limits.js";

export interface TensorSource {
  /** Gives the files that tensors with external data name; without it such tensors are refused. */
  readonly externalData?: ExternalData | undefined;
  readonly limits?: OnnxLimits;
}

/**
 * Reads the elements of a tensor, wherever the file stores them.
 *
 * @throws OnnxError where sizes disagree, the type is not read, or external data is missing.
 */
export function readTensor(proto: TensorProto, source: TensorSource = {}): OnnxTensor {
  const limits = source.limits ?? DEFAULT_LIMITS;
  const name = proto.name === "" ? "A tensor" : `Tensor "${proto.name}"`;
  const dtype = elementType(proto.dataType);
  if (dtype === undefined) {
    throw new OnnxError("ONNX_UNSUPPORTED", `${name} has elements of type ${codeName(proto.dataType)}`, {
      next: "Export the model with float32, integer or bool tensors.",
    });
  }
  if (proto.segment !== undefined) throw malformed(`${name} is stored in segments`);
  const shape = readDims(proto.dims, name, limits);
  const count = shape.includes(0) ? 0 : shape.reduce((n, extent) => n * extent, 1);
  if (count > limits.tensorElements) throw beyondLimit(`${name} has ${count} elements`);
  const bytes = Math.ceil((count * ELEMENT[dtype].bits) / 8);
  if (proto.dataLocation === 1) {
    return { dtype, shape, data: fromRaw(dtype, count, readExternal(proto, bytes, source.externalData)) };
  }
  if (proto.dataLocation !== 0) throw malformed(`${name} has unknown data location ${proto.dataLocation}`);
  if (proto.rawData.length > 0) {
    if (proto.rawData.length !== bytes) {
      throw malformed(`${name} has ${proto.rawData.length} bytes of raw data, its shape wants ${bytes}`);
    }
    return { dtype, shape, data: fromRaw(dtype, count, proto.rawData) };
  }
  return { dtype, shape, data: fromFields(proto, dtype, count, name) };
}

/** Writes a tensor with raw data, as test data sets and model editors want it. Widened and packed types are refused. */
export function writeTensor(tensor: OnnxTensor, name = ""): TensorProto {
  const { code, bits } = ELEMENT[tensor.dtype];
  if (tensor.data.BYTES_PER_ELEMENT * 8 !== bits) {
    throw new OnnxError("ONNX_UNSUPPORTED", `Tensors of type ${codeName(code)} are not written`, {
      next: "Write the widened values as float32 or int8.",
    });
  }
  const raw = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength).slice();
  return create(TensorProtoSchema, { name, dataType: code, dims: tensor.shape.map(BigInt), rawData: raw });
}

function readDims(dims: readonly bigint[], name: string, limits: OnnxLimits): number[] {
  if (dims.length > limits.rank) throw beyondLimit(`${name} has ${dims.length} dimensions`);
  return dims.map((dim) => {
    if (dim < 0n || dim > BigInt(limits.tensorElements)) throw malformed(`${name} has dimension ${String(dim)}`);
    return Number(dim);
  });
}

/** Little-endian raw data to a host array; copies, because the file's bytes are seldom aligned. */
function fromRaw(dtype: ElementType, count: number, raw: Uint8Array): ElementArray {
  const data = allocate(dtype, count);
  if (dtype === "f16" || dtype === "bf16") {
    const widen = dtype === "f16" ? halfToNumber : bfloatToNumber;
    for (let i = 0; i < count; i++) data[i] = widen(raw[2 * i]! | (raw[2 * i + 1]! << 8));
  } else if (dtype === "u4" || dtype === "i4") {
    for (let i = 0; i < count; i++) data[i] = nibble(dtype, (raw[i >> 1]! >> (4 * (i & 1))) & 15);
  } else if (dtype === "bool") {
    // Bytes above 1 exist in the wild and mean true (docs/audit.md, 1).
    for (let i = 0; i < count; i++) data[i] = raw[i] === 0 ? 0 : 1;
  } else {
    new Uint8Array(data.buffer).set(raw.subarray(0, data.byteLength));
  }
  return data;
}

function nibble(dtype: "u4" | "i4", bits: number): number {
  return dtype === "i4" && bits > 7 ? bits - 16 : bits;
}

/** Elements from the typed repeated fields: which field holds which type is part of the ONNX specification. */
function fromFields(proto: TensorProto, dtype: ElementType, count: number, name: string): ElementArray {
  const make = <T>(values: readonly T[], convert: (value: T, i: number) => number | bigint): ElementArray => {
    // Before allocating: a file of a few bytes may claim any shape.
    const wanted = ELEMENT[dtype].bits === 4 ? Math.ceil(count / 2) : count;
    if (values.length !== wanted) throw malformed(`${name} has ${values.length} values, its shape wants ${wanted}`);
    const data = allocate(dtype, count);
    for (let i = 0; i < count; i++) data[i] = convert(values[wanted === count ? i : i >> 1]!, i);
    return data;
  };
  switch (dtype) {
    case "f32":
      return make(proto.floatData, (value) => value);
    case "f64":
      return make(proto.doubleData, (value) => value);
    case "i64":
      return make(proto.int64Data, (value) => value);
    case "u64":
      return make(proto.uint64Data, (value) => value);
    case "u32":
      return make(proto.uint64Data, (value) => Number(BigInt.asUintN(32, value)));
    case "u4":
    case "i4":
      return make(proto.int32Data, (pair, i) => nibble(dtype, (pair >> (4 * (i & 1))) & 15));
    case "f16":
      return make(proto.int32Data, (bits) => halfToNumber(bits & 0xffff));
    case "bf16":
      return make(proto.int32Data, (bits) => bfloatToNumber(bits & 0xffff));
    case "bool":
      return make(proto.int32Data, (value) => (value === 0 ? 0 : 1));
    case "u8":
    case "i8":
    case "u16":
    case "i16":
    case "i32":
      return make(proto.int32Data, (value) => value);
  }
}
