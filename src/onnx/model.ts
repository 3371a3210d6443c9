import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { malformed, OnnxError } from "./errors.js";
import { ModelProtoSchema, type ModelProto, TensorProtoSchema, type TensorProto } from "./gen/onnx_pb.js";
import { DEFAULT_LIMITS, type OnnxLimits } from "./limits.js";
import { checkWire } from "./wire.js";

/** Versions of the file format (`ir_version`) that the reader knows. */
const IR_VERSIONS = { min: 3n, max: 13n };

/**
 * Reads a model file.
 *
 * @throws OnnxError where the bytes are no model, exceed `limits` or use a newer file format.
 */
export function readModel(bytes: Uint8Array, limits: OnnxLimits = DEFAULT_LIMITS): ModelProto {
  checkWire(bytes, ModelProtoSchema, limits);
  const model = decode(() => fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false }));
  if (model.graph === undefined) throw malformed("The file has no graph: it is not an ONNX model");
  if (model.irVersion < IR_VERSIONS.min || model.irVersion > IR_VERSIONS.max) {
    throw new OnnxError("ONNX_UNSUPPORTED", `The file has IR version ${String(model.irVersion)}`, {
      next: `Export it with an IR version from ${String(IR_VERSIONS.min)} to ${String(IR_VERSIONS.max)}.`,
    });
  }
  return model;
}

/** Writes a model file. Fields that `onnx.proto` does not list are lost. */
export function writeModel(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}

/**
 * Reads a serialized `TensorProto`, as test data sets store inputs and outputs.
 *
 * @throws OnnxError where the bytes are no tensor or exceed `limits`.
 */
export function readTensorProto(bytes: Uint8Array, limits: OnnxLimits = DEFAULT_LIMITS): TensorProto {
  checkWire(bytes, TensorProtoSchema, limits);
  return decode(() => fromBinary(TensorProtoSchema, bytes, { readUnknownFields: false }));
}

export function writeTensorProto(tensor: TensorProto): Uint8Array {
  return toBinary(TensorProtoSchema, tensor);
}

function decode<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw malformed("The file cannot be decoded", cause);
  }
}
