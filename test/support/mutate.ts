import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { AttributeProto, ModelProto, NodeProto } from "../../src/onnx/gen/onnx_pb.js";

/** Draws integers below `n`; the same ones for the same seed. */
export type Draw = (n: number) => number;

/** Mulberry32. */
export function seededDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** Committed single-operator tests and models of the ONNX project, one folder each. */
export const seedsDir = join(dirname(fileURLToPath(import.meta.url)), "../assets/conformance");

function filesBelow(folder: string, suffix: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return filesBelow(path, suffix);
      return name.endsWith(suffix) ? [path] : [];
    });
}

/** The bytes of the committed files with a suffix, those small enough to be mutated often. */
export function seedFiles(suffix: string, most = 8_000): Uint8Array[] {
  return filesBelow(seedsDir, suffix)
    .map((path): Uint8Array => readFileSync(path))
    .filter(({ length }) => length > 0 && length <= most);
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}

/** One to four random edits of a file: bytes set, bits flipped, runs cut out, doubled or cut off. */
export function mutateBytes(original: Uint8Array, draw: Draw): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(original);
  for (let edits = 1 + draw(4); edits > 0 && bytes.length > 0; edits--) {
    const at = draw(bytes.length);
    const run = draw(20);
    const kind = draw(10);
    if (kind < 5) bytes[at] = draw(256);
    else if (kind < 7) bytes[at]! ^= 1 << draw(8);
    else if (kind === 7) bytes = bytes.slice(0, at);
    else if (kind === 8) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + run));
    else bytes = concat(bytes.subarray(0, at + run), bytes.subarray(at));
  }
  return bytes;
}

const INTEGERS = [
  0n,
  1n,
  -1n,
  2n,
  -2n,
  3n,
  7n,
  100n,
  1_000_000n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const TEXTS = ["", "abc", "NOTSET", "SAME_UPPER", "linear", "cubic", "reverse", "tanh", "add"];
const OPERATORS = [
  "Reshape",
  "Concat",
  "Gather",
  "Slice",
  "MatMul",
  "Conv",
  "LSTM",
  "Attention",
  "Resize",
  "Pad",
  "TopK",
  "Einsum",
];

function pick<T>(list: readonly T[], draw: Draw): T {
  return list[draw(list.length)]!;
}

function mutateAttribute(attribute: AttributeProto, draw: Draw): void {
  if (attribute.ints.length > 0) {
    const at = draw(attribute.ints.length);
    const kind = draw(5);
    if (kind === 0) attribute.ints.splice(at, 1);
    else if (kind === 1) attribute.ints.push(pick(INTEGERS, draw));
    else attribute.ints[at] = pick(INTEGERS, draw);
  } else if (attribute.type === 1) {
    attribute.f = pick([0, NaN, Infinity, -1, 1e30], draw);
  } else if (attribute.type === 2) {
    attribute.i = pick(INTEGERS, draw);
  } else if (attribute.type === 3) {
    attribute.s = new TextEncoder().encode(pick(TEXTS, draw));
  }
}

function mutateNode(node: NodeProto, names: readonly string[], draw: Draw): void {
  const kind = draw(20);
  if (kind < 8 && node.attribute.length > 0) mutateAttribute(pick(node.attribute, draw), draw);
  else if (kind < 11) node.input[draw(node.input.length + 1)] = pick([...names, ""], draw);
  else if (kind < 14) node.input.splice(draw(node.input.length + 1), 1);
  else if (kind < 16 && node.attribute.length > 0) node.attribute.splice(draw(node.attribute.length), 1);
  else if (kind < 17) node.opType = pick(OPERATORS, draw);
}

/** A model that is still a model, with one or two nodes changed and open input shapes to be given anew. */
export function mutateModel(model: ModelProto, shapes: Record<string, number[]>, draw: Draw): void {
  const graph = model.graph!;
  const names = graph.input.map(({ name }) => name);
  for (let edits = 1 + draw(2); edits > 0; edits--) mutateNode(pick(graph.node, draw), names, draw);
  if (draw(4) !== 0 || names.length === 0) return;
  const input = pick(graph.input, draw);
  const shape = [...(shapes[input.name] ?? [])];
  const at = draw(shape.length + 1);
  const kind = draw(3);
  if (kind === 0) shape.splice(at, 1);
  else if (kind === 1) shape.splice(at, 0, 1 + draw(3));
  else shape[at] = pick([0, 1, 2, 3, 7, 64, 100_000, 2 ** 31 - 1], draw);
  shapes[input.name] = shape;
  if (input.type?.value.case === "tensorType") delete input.type.value.value.shape;
}
