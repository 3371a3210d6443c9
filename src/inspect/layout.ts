import { Graph, layout } from "./dagre.js";

import { cutRuns } from "./cut.js";
import type { Box, Picture } from "./picture.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box, or a small pill that names a box drawn elsewhere, with its place: the upper left corner and the size. */
export interface Placed extends Point {
  readonly width: number;
  readonly height: number;
  /** Undefined for a pill. */
  readonly box: Box | undefined;
  /** Of a pill, or undefined. */
  readonly text: string | undefined;
}

export interface Layout {
  readonly items: readonly Placed[];
  /** Lines with an arrow at their last point. */
  readonly lines: readonly { readonly points: readonly Point[]; readonly faint: boolean }[];
  readonly width: number;
  readonly height: number;
}

export const FONT = { title: 13, line: 11, pad: 12, lineHeight: 16, titleHeight: 18 };
/** Longest text of a box, in characters; the rest is cut. */
export const MAX_CHARS = { title: 34, line: 44 };
const PILL = { height: 20, font: 10.5 };
/** Width of a character against the font size, generous: nobody knows the reader's font. */
const CHAR = { title: 0.66, line: 0.6 };
const GAP = { column: 56, rank: 36, node: 28 };
/** Graphs of at most this many boxes stand in one column. */
const ONE_COLUMN = 16;

/**
 * Places the boxes from top to bottom in the order of data. Longer graphs are cut into columns, read from left to right; what
 * goes from one column to another ends in a pill that names the other end.
 */
export function layOutPicture(picture: Picture): Layout {
  const { boxes, edges } = picture;
  const perColumn = boxes.length <= ONE_COLUMN ? boxes.length : Math.max(12, Math.ceil(Math.sqrt(3 * boxes.length)));
  const starts = cutRuns(boxes.length, edges, Math.max(1, perColumn));
  const columns = starts.map((start, c) => layOutColumn(picture, start, starts[c + 1] ?? boxes.length));
  const items: Placed[] = [];
  const lines: { points: Point[]; faint: boolean }[] = [];
  let x = 0;
  for (const column of columns) {
    const moved = <P extends Point>(point: P): P => ({ ...point, x: point.x + x });
    items.push(...column.items.map(moved));
    lines.push(...column.lines.map(({ points, faint }) => ({ points: points.map(moved), faint })));
    x += column.width + GAP.column;
  }
  return { items, lines, width: Math.max(0, x - GAP.column), height: Math.max(0, ...columns.map((c) => c.height)) };
}

/** The boxes `start .. end` with their own inputs and outputs. */
function layOutColumn({ boxes, edges, inputs, outputs }: Picture, start: number, end: number): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "TB", ranksep: GAP.rank, nodesep: GAP.node, marginx: 2, marginy: 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  const items = new Map<string, Pick<Placed, "box" | "text">>();
  const faint = new Set<string>();
  const add = (id: string, item: Pick<Placed, "box" | "text">): string => {
    if (!items.has(id)) graph.setNode(id, item.box ? boxSize(item.box) : pillSize(item.text ?? ""));
    items.set(id, item);
    return id;
  };
  const inside = (i: number): boolean => i >= start && i < end;
  for (let i = start; i < end; i++) add(`box ${i}`, { box: boxes[i]!, text: undefined });
  inputs.forEach(({ box, readers }, i) => {
    // An input that nothing reads is shown once all the same.
    if (!readers.some(inside) && (readers.length > 0 || start > 0)) return;
    add(`input ${i}`, { box, text: undefined });
    for (const reader of readers.filter(inside)) graph.setEdge(`input ${i}`, `box ${reader}`);
  });
  outputs.forEach(({ box, from }, i) => {
    if (inside(from)) graph.setEdge(`box ${from}`, add(`output ${i}`, { box, text: undefined }));
  });
  const leaving = new Map<number, number[]>();
  for (const [from, to] of edges) {
    if (inside(from) && inside(to)) graph.setEdge(`box ${from}`, `box ${to}`);
    else if (inside(to)) {
      graph.setEdge(add(`from ${from}`, { box: undefined, text: `from ${boxes[from]!.name}` }), `box ${to}`);
      faint.add(`from ${from}`);
    } else if (inside(from)) leaving.set(from, [...(leaving.get(from) ?? []), to]);
  }
  for (const [from, readers] of leaving) {
    const named = readers.slice(0, 3).map((to) => boxes[to]!.name);
    const text = `to ${named.join(", ")}${readers.length > 3 ? ", …" : ""}`;
    graph.setEdge(`box ${from}`, add(`to ${from}`, { box: undefined, text }));
    faint.add(`to ${from}`);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    items: [...items].map(([id, item]) => {
      const at = graph.node(id);
      return { ...item, x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height };
    }),
    lines: graph.edges().map((edge) => ({
      points: graph.edge(edge).points.map(({ x, y }) => ({ x, y })),
      faint: faint.has(edge.v) || faint.has(edge.w),
    })),
    width,
    height,
  };
}

/** Text cut to at most `max` characters. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
}

function boxSize({ title, lines, tone, tags }: Box): { width: number; height: number } {
  const tagChars = tags.reduce((n, tag) => n + tag.length + 4, 0);
  const titleChars = Math.min(title.length, MAX_CHARS.title) + tagChars;
  const lineChars = Math.max(0, ...lines.map((line) => Math.min(line.length, MAX_CHARS.line)));
  const width = Math.max(titleChars * FONT.title * CHAR.title, lineChars * FONT.line * CHAR.line);
  const padding = tone === "input" || tone === "output" ? FONT.pad : FONT.pad + 6;
  return {
    width: Math.ceil(width) + FONT.pad + padding,
    height: FONT.titleHeight + lines.length * FONT.lineHeight + 14,
  };
}

function pillSize(text: string): { width: number; height: number } {
  return { width: Math.ceil(text.length * PILL.font * CHAR.line) + 20, height: PILL.height };
}
