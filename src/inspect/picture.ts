import type { CompileReport } from "../audit/compile/report.js";
import { type AuditGraph, type AuditNode, DTYPE_BYTES, type Operand, resultDType, resultSize } from "../audit/graph.js";
import { printable } from "../printable.js";
import { cutRuns, type Edge } from "./cut.js";
import { listNodes } from "./listing.js";

/*
 * What a picture of an audit graph shows, without places: a box for every node, or for every run of nodes where there are
 * too many to read.
 */

export type Tone = "map" | "reduce" | "gather" | "group" | "input" | "output";

/** Where the most expensive element is, and where a function jumps; noisily, if its operands are rounded. */
export type Tag = "costliest" | "jump" | "noisy jump";

export interface Box {
  readonly tone: Tone;
  /** How others refer to it, such as `n12`. */
  readonly name: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** Everything that is known, shown when pointed at. */
  readonly tooltip: string;
  readonly tags: readonly Tag[];
}

export interface Picture {
  /** Nodes or runs of nodes, in order. */
  readonly boxes: readonly Box[];
  /** Between boxes, by position; never backwards. */
  readonly edges: readonly Edge[];
  readonly inputs: readonly { readonly box: Box; readonly readers: readonly number[] }[];
  readonly outputs: readonly { readonly box: Box; readonly from: number }[];
  /** Told where boxes stand for several nodes. */
  readonly note: string | undefined;
}

/** With more nodes than this, runs of them share a box. */
const MAX_BOXES = 200;
/** Boxes that a picture of a larger graph has, about. */
const GROUPS = 60;

/** Chooses what to draw. */
export function pictureOf(graph: AuditGraph, report: CompileReport): Picture {
  const nodes = graph.nodes.map((node) => allOperands(node));
  const edges = distinct(nodes.flatMap((operands, to) => sources(operands, "node").map((from): Edge => [from, to])));
  const boxes = nodeBoxes(graph, report);
  const grouped = graph.nodes.length > MAX_BOXES;
  const size = Math.ceil(graph.nodes.length / GROUPS);
  const starts = grouped ? cutRuns(graph.nodes.length, edges, size) : boxes.map((_, i) => i);
  const groupOf = graph.nodes.map(() => 0);
  starts.forEach((start, g) => groupOf.fill(g, start));
  const groupEdges = distinct(edges.map(([from, to]): Edge => [groupOf[from]!, groupOf[to]!]));
  return {
    boxes: grouped ? starts.map((start, g) => groupBox(graph, report, boxes, start, starts[g + 1])) : boxes,
    edges: groupEdges.filter(([from, to]) => from !== to),
    inputs: graph.inputs.map(({ name, dtype, shape }, index) => ({
      box: endBox("input", name, `${dtype} ${shapeText(shape)}`),
      readers: [...new Set(nodes.flatMap((o, i) => (sources(o, "input").includes(index) ? [groupOf[i]!] : [])))],
    })),
    outputs: graph.outputs.map(({ name, dtype, shape, node }) => ({
      box: endBox("output", name, `${dtype} ${shapeText(shape)}`),
      from: groupOf[node]!,
    })),
    note: grouped ? `${graph.nodes.length} nodes, drawn as ${starts.length} runs in their order` : undefined,
  };
}

export function shapeText(extents: readonly number[]): string {
  return extents.length === 0 ? "scalar" : extents.join("×");
}

/** 1.5 MB, 20 KB, 12 B; decimal units. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toPrecision(3)} ${unit}`;
  }
  return `${bytes} B`;
}

function allOperands(node: AuditNode): Operand[] {
  return [...node.operands, ...node.steps.flatMap((step) => step.operands)];
}

function sources(operands: readonly Operand[], kind: "input" | "weight" | "node"): number[] {
  return operands.flatMap(({ source }) => (source.kind === kind ? [source.index] : []));
}

function distinct(edges: readonly Edge[]): Edge[] {
  return [...new Map(edges.map((edge) => [edge.join(), edge])).values()];
}

function endBox(tone: "input" | "output", name: string, line: string): Box {
  const text = printable(name);
  return { tone, name: text, title: text, lines: [line], tooltip: `${tone} ${text}: ${line}`, tags: [] };
}

function nodeBoxes(graph: AuditGraph, report: CompileReport): Box[] {
  const jumps = new Map(report.discontinuities.map(({ label, fn, noisy }) => [`${fn} ${printable(label)}`, noisy]));
  return listNodes(graph, report).map((listed, i): Box => {
    const node = graph.nodes[i]!;
    const red = node.kind === "reduce" ? ` over ${shapeText(node.red)}` : "";
    const weights = [...new Set(sources(allOperands(node), "weight"))];
    const stored = weights.reduce((sum, w) => sum + graph.weights[w]!.data.byteLength, 0);
    const reads = [...listed.operands, ...listed.steps].join("\n  ");
    const fns = [listed.fn, ...node.steps.map(({ fn }) => fn)];
    // A fused node has the labels and functions of all its parts.
    const own = listed.label.split(" + ").flatMap((label) => fns.map((fn) => jumps.get(`${fn} ${label}`)));
    const tags: Tag[] = own.includes(true) ? ["noisy jump"] : own.includes(false) ? ["jump"] : [];
    if (i === report.worst.node) tags.unshift("costliest");
    return {
      tone: node.kind,
      name: `n${i}`,
      title: `n${i} ${fns.join(" · ")}`,
      lines: [
        labelText(listed.label),
        `${listed.dtype} ${shapeText(node.out)}${red}`,
        ...(weights.length === 0 ? [] : [`weights ${weights.map((w) => `w${w}`).join(" ")}, ${bytesText(stored)}`]),
        `proof ≤ ${bytesText(listed.proofBytes)}, ${listed.proofGas.toLocaleString("en")} gas`,
      ],
      tooltip: `n${i} ${listed.kind} ${listed.fn}, ${listed.dtype} ${listed.extents}\n${listed.label}\n  ${reads}`,
      tags,
    };
  });
}

/** A node that several ONNX nodes were fused into has the labels of all: the first in full, of the others the operators. */
function labelText(label: string): string {
  const [first = "", ...others] = label.split(" + ");
  return [first, ...others.map((other) => /\(([^()]*)\)$/.exec(other)?.[1] ?? other)].join(" + ");
}

function groupBox(
  graph: AuditGraph,
  report: CompileReport,
  boxes: readonly Box[],
  start: number,
  end = graph.nodes.length,
): Box {
  const nodes = graph.nodes.slice(start, end);
  const counts = new Map<string, number>();
  for (const { fn } of nodes) counts.set(fn, (counts.get(fn) ?? 0) + 1);
  const common = [...counts].sort(([, a], [, b]) => b - a);
  const results = nodes.reduce((sum, node) => sum + resultSize(node) * DTYPE_BYTES[resultDType(node)], 0);
  const costs = report.costs.slice(start, end);
  const worst = { bytes: Math.max(...costs.map((c) => c.bytes)), gas: Math.max(...costs.map((c) => c.gas)) };
  const labels = boxes.slice(start, end).map(({ lines }) => lines[0] ?? "");
  const name = end - start === 1 ? `n${start}` : `n${start}–n${end - 1}`;
  return {
    tone: "group",
    name,
    title: `${name} · ${end - start} node${end - start === 1 ? "" : "s"}`,
    lines: [
      labels.length > 1 ? `${labels[0]!} …` : labels[0]!,
      common
        .slice(0, 4)
        .map(([fn, n]) => `${n} ${fn}`)
        .join(", ") + (common.length > 4 ? ", …" : ""),
      `results ${bytesText(results)}`,
      `proof ≤ ${bytesText(worst.bytes)}, ${worst.gas.toLocaleString("en")} gas`,
    ],
    tooltip: boxes
      .slice(start, end)
      .map(({ title, lines }) => `${title}: ${lines[0] ?? ""}`)
      .join("\n"),
    tags: [...new Set(boxes.slice(start, end).flatMap(({ tags }) => tags))],
  };
}
