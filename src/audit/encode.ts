import { TouchstoneError } from "../errors.js";
import { concat } from "./bytes.js";
import { type AuditGraph, type AuditNode, DTYPE_CODE, type Guard, KIND_CODE, MAP_FN, type Operand } from "./graph.js";
import { fnCode } from "./signatures.js";
import { extentsOf } from "./view.js";

/** Codes of operand sources (docs/audit.md, 3). */
export const SOURCE_CODE = { input: 0, weight: 1, node: 2, immediate: 3 } as const;

/** Big-endian fields one after the other; a value that does not fit its field is an error, never cut. */
class Writer {
  private readonly parts: Uint8Array[] = [];

  private field(value: number, bytes: 1 | 4, min: number, max: number, what: string): this {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new TouchstoneError("NODE_FIELD", `${what} is ${value}, outside [${min}, ${max}]`, {
        next: "Split the node, or refuse the model: the encoding has no room for it.",
      });
    }
    const out = new Uint8Array(bytes);
    for (let b = bytes - 1, rest = value; b >= 0; b--, rest = Math.floor(rest / 256)) out[b] = rest & 0xff;
    this.parts.push(out);
    return this;
  }

  u8(value: number, what: string): this {
    return this.field(value, 1, 0, 0xff, what);
  }

  u32(value: number, what: string): this {
    return this.field(value, 4, 0, 0xffffffff, what);
  }

  i32(value: number, what: string): this {
    return this.field(value, 4, -0x80000000, 0x7fffffff, what);
  }

  u64(value: bigint, what: string): this {
    if (value < 0n || value >= 1n << 64n) throw new TouchstoneError("NODE_FIELD", `${what} does not fit 64 bits`);
    return this.u32(Number(value >> 32n), what).u32(Number(value & 0xffffffffn), what);
  }

  bytes(value: Uint8Array): this {
    this.parts.push(value);
    return this;
  }

  end(): Uint8Array {
    return concat(this.parts);
  }
}

function writeCoefs(out: Writer, coef: readonly number[], rank: number): void {
  if (coef.length !== rank) {
    throw new TouchstoneError("NODE_FIELD", `${coef.length} coefficients for an index space of rank ${rank}`);
  }
  for (const c of coef) out.i32(c, "coefficient");
}

function writeGuard(out: Writer, guard: Guard, rank: number): void {
  out.i32(guard.base, "guard base").u32(guard.divisor, "guard divisor");
  out.u32(guard.extent, "guard extent").i32(guard.stride, "guard stride");
  writeCoefs(out, guard.coef, rank);
}

function writeOperand(out: Writer, operand: Operand, rank: number, weightRoots: readonly Uint8Array[]): void {
  const { source } = operand;
  out.u8(SOURCE_CODE[source.kind], "source").u8(DTYPE_CODE[operand.dtype], "dtype");
  if (!("guards" in operand)) {
    out.u8(0, "guard count").u64(operand.value, "immediate");
    return;
  }
  const { guards } = operand;
  out.u8(guards.length, "guard count").u32(operand.source.index, "source index");
  if (source.kind === "weight") {
    const root = weightRoots[operand.source.index];
    if (root?.length !== 32) throw new TouchstoneError("NODE_FIELD", `weight ${operand.source.index} has no root`);
    out.bytes(root);
  }
  out.u32(operand.numel, "operand size").i32(operand.base, "address base");
  writeCoefs(out, operand.coef, rank);
  if (guards.length > 0) out.u64(operand.fill, "fill");
  for (const guard of guards) writeGuard(out, guard, rank);
}

function attributes(node: AuditNode): Uint8Array {
  const out = new Writer();
  if (node.kind === "reduce" && node.argkth) {
    out.u8(node.argkth.kRank, "argkth rank").u8(node.argkth.largest ? 1 : 0, "argkth order");
  }
  if (node.kind === "gather") {
    for (const { stride, extent } of node.indices) out.i32(stride, "gather stride").u32(extent, "gather extent");
  }
  return out.end();
}

/**
 * The committed bytes of a node (docs/audit.md, 3).
 *
 * @param weightRoots Tensor roots of the graph's weights, by position.
 * @throws TouchstoneError `NODE_FIELD` where a number does not fit its field.
 */
export function encodeNode(node: AuditNode, weightRoots: readonly Uint8Array[]): Uint8Array {
  const out = new Writer();
  const extents = extentsOf(node);
  const attr = attributes(node);
  out.u8(KIND_CODE[node.kind], "kind").u8(fnCode(node), "function").u8(DTYPE_CODE[node.dtype], "dtype");
  out.u8(node.out.length, "output rank").u8(extents.length - node.out.length, "reduction rank");
  out.u8(node.operands.length, "operand count").u8(node.steps.length, "step count").u8(attr.length, "attributes");
  for (const extent of extents) out.u32(extent, "extent");
  out.bytes(attr);
  for (const operand of node.operands) writeOperand(out, operand, extents.length, weightRoots);
  for (const step of node.steps) {
    out.u8(MAP_FN[step.fn], "step function").u8(DTYPE_CODE[step.dtype], "step dtype");
    out.u8(step.chain, "chain position").u8(step.operands.length, "operand count");
    for (const operand of step.operands) writeOperand(out, operand, extents.length, weightRoots);
  }
  return out.end();
}

/** The committed bytes of all nodes of a graph, in order. */
export function encodeNodes(graph: AuditGraph, weightRoots: readonly Uint8Array[]): Uint8Array[] {
  return graph.nodes.map((node) => encodeNode(node, weightRoots));
}
