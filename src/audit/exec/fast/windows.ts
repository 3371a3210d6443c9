import { numelOf } from "../../bytes.js";
import type { ReduceNode, View } from "../../graph.js";
import { extentsOf } from "../../view.js";
import { type Boxes, cutIntoBoxes } from "./boxes.js";
import { createImage, type ImageLayout, layOutImage } from "./image.js";
import type { Memory } from "./memory.js";
import { elementOffsets } from "./numbers.js";
import { packer } from "./pack.js";
import type { Split } from "./split.js";

/** binary64 numbers of windows that are packed at a time, and of an image. */
const BUDGET = 2 ** 14;
const IMAGE_BUDGET = 2 ** 17;

/** Rows that kernels form before they round them (`BLOCK_ROWS` of round.ts). */
export const BLOCK_ROWS = 36;

/** Some windows in memory, as kernels take them. */
export interface Windows {
  readonly image: number;
  readonly rowAt: number;
  readonly rows: number;
  readonly offsets: number;
  readonly terms: number;
  /** Where the rows' results lie, in bytes. */
  readonly rowOut: number;
  /** Result position of the first row, in bytes. */
  readonly origin: number;
  /** Bound on the finite magnitudes in the windows. */
  readonly largest: number;
}

/** Windows of 3 x 3 neighbours at all places of a grid, whose channels lie side by side in the image. */
export interface Grid {
  readonly height: number;
  readonly width: number;
  /** Bytes of the image from a row of places, or of neighbours, to the next. */
  readonly rowStep: number;
  /** The same along a row. */
  readonly columnStep: number;
  readonly channels: number;
  /** By channel, row and column of a window: the number of the term. */
  readonly terms: Int32Array<ArrayBuffer>;
}

/** Prepares the windows of a split; the walker calls back with all those of one batch, some at a time. */
export interface WindowSource {
  /** To be called before the first batch. */
  start(): void;
  forEach(batch: readonly number[], visit: (windows: Windows) => void): void;
}

/** A table, to be written before it is used: its place belongs to other nodes in between. Padded to a whole number of sixes. */
export function createTable(content: ArrayLike<number>, memory: Memory): { address: number; write(): void } {
  const table = memory.arena.words(Math.ceil(content.length / 6) * 6);
  const padded = new Uint32Array(table.length);
  padded.set(content);
  return { address: table.byteOffset, write: () => table.set(padded) };
}

export function windowSource(node: ReduceNode, split: Split, memory: Memory): WindowSource {
  return split.image === undefined ? packedWindows(node, split, memory) : imagedWindows(node, split, memory);
}

export function reducedDims(node: ReduceNode): number[] {
  return node.red.map((_, d) => node.out.length + d);
}

/** Step of the row-major result along each output dimension, in bytes. */
export function resultSteps(node: ReduceNode): number[] {
  return node.out.map((_, d) => 4 * numelOf(node.out.slice(d + 1)));
}

/** The images of some rows at a time: those of a band of the result, small enough to stay in a second-level cache. */
interface Bands {
  readonly boxes: Boxes;
  /** Of the first band; the others' differ in what they copy. */
  readonly layout: ImageLayout;
  readonly layouts: readonly ImageLayout[];
  /** Result position of each band's first row, in bytes. */
  readonly origins: readonly number[];
}

function cutIntoBands(node: ReduceNode, split: Split): Bands {
  const { windows, rows, lanes, kind } = split;
  const steps = resultSteps(node);
  const rowExtents = rows.map((d) => node.out[d]!);
  const free = [...rows, ...(kind === "windows" ? lanes : []), ...reducedDims(node)];
  const inner = kind === "windows" ? lanes[0] : undefined;
  for (let most = numelOf(rowExtents); ; most = Math.floor(most / 2)) {
    const boxes = cutIntoBoxes(rowExtents, most);
    const walked = extentsOfBox(node, rows, boxes);
    const layouts: ImageLayout[] = [];
    const origins: number[] = [];
    boxes.forEach((index) => {
      const at = boxes.dims.slice(0, boxes.fixed).map((r) => rows[r]!);
      layouts.push(layOutImage(shifted(windows, at, index), walked, free, inner)!);
      origins.push(index.reduce((sum, x, i) => sum + x * steps[at[i]!]!, 0));
    });
    const [layout] = layouts as [ImageLayout];
    if (layout.numel <= IMAGE_BUDGET || boxes.size < 2 * BLOCK_ROWS) return { boxes, layout, layouts, origins };
  }
}

/** Extents of a node's space, with those of the rows as in one box: 1 where it is at one index. */
function extentsOfBox(node: ReduceNode, rows: readonly number[], boxes: Boxes): number[] {
  const extents = [...extentsOf(node)];
  for (const d of rows) extents[d] = 1;
  for (let i = boxes.fixed; i < boxes.dims.length; i++) extents[rows[boxes.dims[i]!]!] = boxes.extents[i]!;
  return extents;
}

/** The view from an index in some dimensions on. */
function shifted(view: View, dims: readonly number[], index: readonly number[]): View {
  const move = ({ base, coef }: { base: number; coef: readonly number[] }): number =>
    dims.reduce((sum, d, i) => sum + coef[d]! * index[i]!, base);
  return { ...view, base: move(view), guards: view.guards.map((guard) => ({ ...guard, base: move(guard) })) };
}

function imagedWindows(node: ReduceNode, split: Split, memory: Memory): WindowSource {
  const { windows, rows, batch } = split;
  const { boxes, layout, layouts, origins } = cutIntoBands(node, split);
  const walked = extentsOfBox(node, rows, boxes);
  const inBytes = layout.coef.map((step) => 8 * step);
  const rowAt = createTable(elementOffsets(inBytes, rows, walked), memory);
  const rowOut = createTable(elementOffsets(resultSteps(node), rows, walked), memory);
  const offsets = createTable(elementOffsets(inBytes, reducedDims(node), walked), memory);
  const image = createImage(layouts, memory, 8);
  // One image for all batches is written once.
  const isShared = layouts.length === 1 && batch.every((d) => windows.coef[d] === 0);
  const all = { image: image.address, rowAt: rowAt.address, offsets: offsets.address, rowOut: rowOut.address };
  const sizes = { rows: boxes.size, terms: numelOf(node.red) };
  let largest = 0;
  return {
    start: () => {
      for (const table of [rowAt, rowOut, offsets]) table.write();
      if (isShared) largest = image.write(0, 0);
    },
    forEach: (index, visit) => {
      const move = index.reduce((sum, at, i) => sum + at * windows.coef[batch[i]!]!, 0);
      origins.forEach((origin, band) => {
        if (!isShared) largest = image.write(band, move);
        visit({ ...all, ...sizes, origin, largest });
      });
    },
  };
}

/** What all windows of products that are visited at a time are, if they are such. */
export function gridOf(node: ReduceNode, split: Split): Grid | undefined {
  if (split.image === undefined || split.kind !== "products") return undefined;
  const { boxes, layout } = cutIntoBands(node, split);
  const walked = extentsOfBox(node, split.rows, boxes);
  const steps = layout.coef.map((step) => 8 * step);
  const [down, along, ...more] = split.rows.filter((d) => walked[d]! > 1);
  if (down === undefined || along === undefined || more.length > 0) return undefined;
  const reduced = reducedDims(node);
  const [row, column] = [down, along].map((place) => reduced.find((d) => walked[d] === 3 && steps[d] === steps[place]));
  if (row === undefined || column === undefined || row === column) return undefined;
  const others = reduced.filter((d) => d !== row && d !== column);
  if (elementOffsets(steps, others, walked).some((offset, channel) => offset !== 8 * channel)) return undefined;
  const strides = walked.map((_, d) => numelOf(walked.slice(d + 1)));
  return {
    height: walked[down]!,
    width: walked[along]!,
    rowStep: steps[down]!,
    columnStep: steps[along]!,
    channels: numelOf(others.map((d) => walked[d]!)),
    terms: elementOffsets(strides, [...others, row, column], walked),
  };
}

function packedWindows(node: ReduceNode, { windows, rows, batch }: Split, memory: Memory): WindowSource {
  const extents = extentsOf(node);
  const terms = numelOf(node.red);
  const boxes = cutIntoBoxes(
    rows.map((d) => extents[d]!),
    Math.max(4, Math.floor(BUDGET / terms)),
  );
  const own = boxes.dims.map((d) => rows[d]!);
  const walked = own.slice(boxes.fixed);
  const fixed = [...batch, ...own.slice(0, boxes.fixed)];
  const walk = {
    dims: [...fixed, ...walked, ...reducedDims(node)],
    extents: [...fixed.map((d) => extents[d]!), ...boxes.extents.slice(boxes.fixed), ...node.red],
    fixed: fixed.length,
    size: boxes.size * terms,
  };
  const data = memory.arena.doubles(walk.size);
  const pack = packer(windows, walk, memory);
  const steps = resultSteps(node);
  const rowAt = createTable(
    Array.from({ length: boxes.size }, (_, row) => 8 * terms * row),
    memory,
  );
  const rowOut = createTable(elementOffsets(steps, walked, extentsOfBox(node, rows, boxes)), memory);
  const offsets = createTable(
    Array.from({ length: terms }, (_, k) => 8 * k),
    memory,
  );
  const all = { image: data.byteOffset, rowAt: rowAt.address, offsets: offsets.address, rowOut: rowOut.address, terms };
  return {
    start: () => {
      for (const table of [rowAt, rowOut, offsets]) table.write();
    },
    forEach: (batchIndex, visit) => {
      boxes.forEach((index) => {
        pack([...batchIndex, ...index], data);
        const origin = index.reduce((sum, at, i) => sum + at * steps[own[i]!]!, 0);
        visit({ ...all, rows: boxes.size, origin, largest: largestOf(data) });
      });
    },
  };
}

function largestOf(data: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i]!);
    if (magnitude > largest && magnitude < Infinity) largest = magnitude;
  }
  return largest;
}
