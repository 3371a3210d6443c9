import { valueOf } from "../audit/compile/bits.js";
import type { AuditGraph, AuditNode, Operand, Source, View } from "../audit/graph.js";
import { printable } from "../printable.js";

/*
 * Operands as people read them. Dimensions of a node's index space are letters: outputs first, then reductions, so that
 * `a28 b28 | c5` reads as three nested loops and `w0[5a+c]` as the element that is read inside them.
 */

/** Names of dimensions; a node has at most 16 (docs/audit.md, 3). */
const LETTERS = "abcdefghijklmnop";

export type Names = Pick<AuditGraph, "inputs">;

/** `a8 b28 b28 | c5 d5`: output extents, then those that are reduced. */
export function extentsText(node: AuditNode): string {
  const letter = (extent: number, d: number): string => `${LETTERS[d] ?? "?"}${extent}`;
  const out = node.out.map(letter).join(" ");
  if (node.kind !== "reduce") return out || "1";
  const red = node.red.map((extent, d) => letter(extent, node.out.length + d)).join(" ");
  return `${out || "1"} | ${red || "1"}`;
}

/** `n7`, `w2` or the name of an input. */
export function sourceText(source: Source, { inputs }: Names): string {
  if (source.kind === "input") return printable(inputs[source.index]?.name ?? `input ${source.index}`);
  return `${source.kind === "weight" ? "w" : "n"}${source.index}`;
}

/** What an operand reads, such as `2.5`, `n3` for a whole tensor, or `x[28(a+c-2<28)+(b+d-2<28) else 0]`. */
export function operandText(operand: Operand, node: AuditNode, names: Names): string {
  if (!("guards" in operand)) return String(valueOf(operand.dtype, operand.value));
  const source = sourceText(operand.source, names);
  if (readsWhole(operand, node)) return source;
  const address = operand.guards.reduce((text, guard) => {
    const form = `${affineText(guard)}${guard.divisor === 1 ? "" : `/${guard.divisor}`}<${guard.extent}`;
    if (guard.stride === 0) return `${text} if ${form}`;
    const times = guard.stride === 1 ? "" : guard.stride === -1 ? "-" : String(guard.stride);
    return `${text === "0" ? "" : `${text}${guard.stride > 0 ? "+" : ""}`}${times}(${form})`;
  }, affineText(operand));
  const fill = operand.guards.length > 0 ? ` else ${String(valueOf(operand.dtype, operand.fill))}` : "";
  return `${source}[${address}${fill}]`;
}

/** `+ w1`, `max 0`: the function of a step and its operands, `_` standing for the running value where it is not the first. */
export function stepTexts(node: AuditNode, names: Names): string[] {
  return node.steps.map(({ fn, chain, operands }) => {
    const texts = operands.map((operand) => operandText(operand, node, names));
    if (chain > 0) texts.splice(chain, 0, "_");
    return [fn, ...texts].join(" ");
  });
}

function affineText({ base, coef }: { readonly base: number; readonly coef: readonly number[] }): string {
  let text = "";
  coef.forEach((c, d) => {
    if (c === 0) return;
    const times = Math.abs(c) === 1 ? "" : String(Math.abs(c));
    text += `${c < 0 ? "-" : text === "" ? "" : "+"}${times}${LETTERS[d] ?? "?"}`;
  });
  if (base === 0) return text === "" ? "0" : text;
  return `${text}${base > 0 && text !== "" ? "+" : ""}${base}`;
}

/** Whether a view reads the element of a tensor that has the number of the node's own. */
function readsWhole(view: View, node: AuditNode): boolean {
  if (view.base !== 0 || view.guards.length > 0) return false;
  let stride = 1;
  for (let d = node.out.length - 1; d >= 0; d--) {
    if (node.out[d] !== 1 && view.coef[d] !== stride) return false;
    stride *= node.out[d]!;
  }
  return stride === view.numel && view.coef.slice(node.out.length).every((c) => c === 0);
}
