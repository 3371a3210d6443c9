import { malformed, OnnxError } from "./errors.js";
import type { AttributeProto, GraphProto, ModelProto, TensorProto } from "./gen/onnx_pb.js";

/** Gives the bytes of a file beside the model, undefined where there is none. The location is a checked relative path. */
export type ExternalData = (location: string) => Uint8Array | undefined;

/** Whether a location is relative, inside the model's folder, and the same file on every system. */
export function isInside(location: string): boolean {
  if (location === "" || /^[/\\]|^[A-Za-z]:|[\\\0]/.test(location)) return false;
  return !location.split("/").includes("..");
}

function checkedLocation(proto: TensorProto): string {
  // Of two entries with one name the last counts for some readers, the first for others.
  if (new Set(proto.externalData.map(({ key }) => key)).size < proto.externalData.length) {
    throw malformed(`External tensor "${proto.name}" says one thing twice`);
  }
  const location = proto.externalData.find(({ key }) => key === "location")?.value ?? "";
  if (isInside(location)) return location;
  throw new OnnxError(
    "ONNX_EXTERNAL_DATA",
    `Tensor "${proto.name}" points to "${location}", outside the model's folder`,
    {
      next: "Store external data beside the model, under a relative path.",
    },
  );
}

/** Calls back with every tensor of a model that lies in another file. */
export function visitExternal(model: ModelProto, visit: (tensor: TensorProto) => void): void {
  const visitTensor = (tensor: TensorProto | undefined): void => {
    if (tensor?.dataLocation === 1) visit(tensor);
  };
  const visitAttribute = ({ t, g, tensors, graphs }: AttributeProto): void => {
    [t, ...tensors].forEach(visitTensor);
    [g, ...graphs].forEach(visitGraph);
  };
  function visitGraph(graph: GraphProto | undefined): void {
    graph?.initializer.forEach(visitTensor);
    for (const node of graph?.node ?? []) node.attribute.forEach(visitAttribute);
  }
  visitGraph(model.graph);
  for (const { node } of model.functions) for (const { attribute } of node) attribute.forEach(visitAttribute);
}

/**
 * The files that a model keeps its weights in, sorted: what has to travel with it.
 *
 * @throws OnnxError `ONNX_EXTERNAL_DATA` where one lies outside the model's folder.
 */
export function externalLocations(model: ModelProto): string[] {
  const found = new Set<string>();
  visitExternal(model, (tensor) => found.add(checkedLocation(tensor)));
  return [...found].sort();
}

/** The `bytes` bytes that a tensor with external data names. */
export function readExternal(proto: TensorProto, bytes: number, load: ExternalData | undefined): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = checkedLocation(proto);
  const number = (key: string, otherwise: number): number => {
    const text = entries.get(key) ?? String(otherwise);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (Number.isNaN(value)) throw malformed(`External tensor "${proto.name}" has ${key} "${text}"`);
    return value;
  };
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
