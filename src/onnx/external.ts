import { malformed, OnnxError } from "./errors.js";
import type { TensorProto } from "./gen/onnx_pb.js";

/** Gives the bytes of a file beside the model, undefined where there is none. The location is a checked relative path. */
export type ExternalData = (location: string) => Uint8Array | undefined;

/** Relative, inside the model's folder, and the same file on every system. */
function isInside(location: string): boolean {
  if (location === "" || /^[/\\]|^[A-Za-z]:|[\\\0]/.test(location)) return false;
  return !location.split("/").includes("..");
}

/** The `bytes` bytes that a tensor with external data names. */
export function readExternal(proto: TensorProto, bytes: number, load: ExternalData | undefined): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  const number = (key: string, otherwise: number): number => {
    const text = entries.get(key) ?? String(otherwise);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (Number.isNaN(value)) throw malformed(`External tensor "${proto.name}" has ${key} "${text}"`);
    return value;
  };
  if (!isInside(location)) {
    throw new OnnxError(
      "ONNX_EXTERNAL_DATA",
      `Tensor "${proto.name}" points to "${location}", outside the model's folder`,
      {
        next: "Store external data beside the model, under a relative path.",
      },
    );
  }
  const offset = number("offset", 0);
  const length = number("length", bytes);
  if (length !== bytes) {
    throw malformed(`External tensor "${proto.name}" has ${length} bytes, its shape wants ${bytes}`);
  }
  const file = load?.(location);
  if (file === undefined) {
    throw new OnnxError(
      "ONNX_EXTERNAL_DATA",
      `Tensor "${proto.name}" lies in the file "${location}", which was not given`,
      {
        next: "Keep the file in the model's folder and load the model by its path.",
      },
    );
  }
  if (offset + length > file.length) {
    throw malformed(
      `External tensor "${proto.name}" ends at byte ${offset + length}, "${location}" has ${file.length}`,
    );
  }
  return file.subarray(offset, offset + length);
}
