import type { OnnxTensor } from "../../onnx/element.js";
import type { AttributeProto, GraphProto, TensorProto } from "../../onnx/gen/onnx_pb.js";
import { inconsistent } from "../compile/errors.js";

/** Typed reading of a node's attributes; a wrong type is an error, a missing attribute gives `otherwise`. */
export interface Attributes {
  has(name: string): boolean;
  int(name: string, otherwise: number): number;
  int(name: string): number | undefined;
  ints(name: string): number[] | undefined;
  float(name: string, otherwise: number): number;
  float(name: string): number | undefined;
  floats(name: string): number[] | undefined;
  string(name: string, otherwise: string): string;
  string(name: string): string | undefined;
  strings(name: string): string[] | undefined;
  tensor(name: string): OnnxTensor | undefined;
  graph(name: string): GraphProto | undefined;
}

/** Codes of `AttributeProto.AttributeType`; 0 is found in files of IR versions that did not store it. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 };

/** @param read gives the elements of a tensor of the file */
export function createAttributes(
  protos: readonly AttributeProto[],
  read: (proto: TensorProto) => OnnxTensor,
): Attributes {
  const byName = new Map(protos.map((proto) => [proto.name, proto]));
  const text = new TextDecoder();

  const find = (name: string, type: keyof typeof TYPE): AttributeProto | undefined => {
    const proto = byName.get(name);
    if (proto && proto.type !== 0 && proto.type !== TYPE[type]) {
      throw inconsistent(`Attribute "${name}" is not of type ${type}`);
    }
    return proto;
  };

  return {
    has: (name) => byName.has(name),
    int: ((name: string, otherwise?: number) => {
      const proto = find(name, "int");
      return proto ? toInteger(proto.i) : otherwise;
    }) as Attributes["int"],
    ints: (name) => find(name, "ints")?.ints.map(toInteger),
    float: ((name: string, otherwise?: number) => find(name, "float")?.f ?? otherwise) as Attributes["float"],
    floats: (name) => find(name, "floats")?.floats,
    string: ((name: string, otherwise?: string) => {
      const proto = find(name, "string");
      return proto ? text.decode(proto.s) : otherwise;
    }) as Attributes["string"],
    strings: (name) => find(name, "strings")?.strings.map((bytes) => text.decode(bytes)),
    tensor: (name) => {
      const proto = find(name, "tensor")?.t;
      return proto && read(proto);
    },
    graph: (name) => find(name, "graph")?.g,
  };
}

/** A safe integer; ends of slices and the like are often given as the largest int64, which is clamped. */
export function toInteger(value: number | bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (Number.isNaN(number)) throw inconsistent("A shape or position is not a number");
  return number > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}
