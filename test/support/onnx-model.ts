import { clone, create } from "@bufbuild/protobuf";

import type { Tensor } from "../../src/audit/graph.js";
import { ELEMENT, type OnnxTensor } from "../../src/onnx/element.js";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../../src/onnx/gen/onnx_pb.js";
import { writeModel } from "../../src/onnx/model.js";
import { writeTensor } from "../../src/onnx/tensor.js";

/** Attribute values as tests write them: an integer is an int, any other number a float; lists likewise. */
export type AttributeValue = number | bigint | string | readonly number[] | readonly string[] | OnnxTensor | GraphProto;

function attribute(name: string, value: AttributeValue): AttributeProto {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (typeof value === "bigint") return create(AttributeProtoSchema, { name, type: 2, i: value });
  if (typeof value === "number") {
    const whole = Number.isInteger(value);
    return create(AttributeProtoSchema, { name, ...(whole ? { type: 2, i: BigInt(value) } : { type: 1, f: value }) });
  }
  if (typeof value === "string") return create(AttributeProtoSchema, { name, type: 3, s: encode(value) });
  if ("$typeName" in value) return create(AttributeProtoSchema, { name, type: 5, g: value });
  if ("dtype" in value) return create(AttributeProtoSchema, { name, type: 4, t: writeTensor(value) });
  if (value.length > 0 && typeof value[0] === "string") {
    return create(AttributeProtoSchema, { name, type: 8, strings: (value as string[]).map(encode) });
  }
  const numbers = value as readonly number[];
  if (numbers.every(Number.isInteger))
    return create(AttributeProtoSchema, { name, type: 7, ints: numbers.map(BigInt) });
  return create(AttributeProtoSchema, { name, type: 6, floats: [...numbers] });
}

/** A float attribute whose value is a whole number. */
export function float(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: 1, f: value });
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  more: { domain?: string; name?: string; attribute?: readonly AttributeProto[] } = {},
): NodeProto {
  const own = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return create(NodeProtoSchema, {
    opType,
    input: [...input],
    output: [...output],
    attribute: [...own, ...(more.attribute ?? [])],
    domain: more.domain ?? "",
    name: more.name ?? "",
  });
}

/** A graph input; a string extent is a symbolic one. */
export function info(name: string, dtype: OnnxTensor["dtype"], shape: readonly (number | string)[]): ValueInfoProto {
  const dim = shape.map((extent) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof extent === "number" ? { case: "dimValue", value: BigInt(extent) } : { case: "dimParam", value: extent },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: ELEMENT[dtype].code,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}

export interface GraphParts {
  readonly inputs?: readonly ValueInfoProto[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeProto[];
  readonly weights?: Readonly<Record<string, OnnxTensor | TensorProto>>;
}

export function graph({ inputs = [], outputs, nodes, weights = {} }: GraphParts): GraphProto {
  return create(GraphProtoSchema, {
    name: "g",
    input: [...inputs],
    output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
    node: [...nodes],
    initializer: Object.entries(weights).map(([name, tensor]) => {
      if (!("$typeName" in tensor)) return writeTensor(tensor, name);
      const named = clone(TensorProtoSchema, tensor);
      named.name = name;
      return named;
    }),
  });
}

/** The bytes of a model. */
export function model(
  parts: GraphParts,
  options: { opset?: number; domains?: Readonly<Record<string, number>>; functions?: readonly FunctionProto[] } = {},
): Uint8Array {
  const domains = { "": options.opset ?? 21, ...options.domains };
  return writeModel(
    create(ModelProtoSchema, {
      irVersion: 10n,
      graph: graph(parts),
      opsetImport: Object.entries(domains).map(([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
      functions: [...(options.functions ?? [])],
    }),
  );
}

export function f32(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

export function i64(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: "i64", shape, data: BigInt64Array.from(values, BigInt) };
}
