import { numelOf } from "../../bytes.js";
import type { Operand, ReduceNode, TensorArray } from "../../graph.js";
import { extentsOf } from "../../view.js";
import { biasReader, laneBiases } from "./bias.js";
import { cutIntoBoxes } from "./boxes.js";
import type { Memory } from "./memory.js";
import { areWorthTiles, createNeighbours } from "./neighbours.js";
import { elementOffsets, numberTable, packLanes, type Panels } from "./numbers.js";
import { neighbourRadiusFactor, radiusFactor } from "./radius.js";
import { isView, type Split } from "./split.js";
import { BLOCK_ROWS, createTable, gridOf, reducedDims, resultSteps, type Windows, windowSource } from "./windows.js";

/** binary64 numbers of lanes that are packed at a time: they stay in a second-level cache. */
const BUDGET = 2 ** 16;

/** Some lanes, packed. */
interface LaneGroup {
  readonly first: number;
  /** Lanes that have results, and lanes with the padding. */
  readonly used: number;
  readonly lanes: number;
}

/** What a walk over batches, groups of lanes and windows does with each group and with some of the windows. */
interface Work {
  start(): void;
  group(batch: readonly number[], group: LaneGroup): void;
  windows(windows: Windows, group: LaneGroup, batchOrigin: number): void;
}

interface Job {
  readonly node: ReduceNode;
  readonly split: Split;
  readonly memory: Memory;
  readonly panels: Panels;
  /** Most lanes of a group, padded. */
  readonly most: number;
}

/** Prepares f32 sums of products, over `divisor`. */
export function floatProducts(
  node: ReduceNode,
  split: Split,
  bias: Operand | undefined,
  divisor: number,
  result: Float32Array,
  memory: Memory,
): () => void {
  const job = createJob(node, split, memory);
  const { arena, kernels } = memory;
  const { panels, most } = job;
  const grid = gridOf(node, split);
  const isOwn = split.kind === "windows";
  const isTiled = grid !== undefined && areWorthTiles(grid, most);
  const neighbours = isTiled ? createNeighbours(grid, most, memory) : undefined;
  const biases = laneBiases(node, split, bias, memory);
  const terms = numelOf(node.red);
  const factor = radiusFactor(terms);
  const neighbourFactor = neighbourRadiusFactor(terms / 9);
  const laneBias = arena.doubles(most);
  const radius = arena.doubles(most);
  const sums = arena.doubles(BLOCK_ROWS * most).byteOffset;
  const laneOffsets = elementOffsets(resultSteps(node), split.lanes, extentsOf(node));
  const areTogether = laneOffsets.every((offset, lane) => offset === 4 * lane);
  const laneOut = createTable(laneOffsets, memory);
  return createWalk(job, {
    start: () => {
      laneOut.write();
      biases.start();
      neighbours?.start();
    },
    group: (batch, { first, lanes }) => {
      biases.write(batch, first, laneBias.subarray(0, lanes));
      neighbours?.group(panels, lanes);
    },
    windows: (windows, { first, used, lanes }, batchOrigin) => {
      const { image, rowAt, rows, offsets, rowOut, origin, largest } = windows;
      // Where all is zeros, only sums term by term have the right signs.
      const inTiles = largest > 0 ? neighbours : undefined;
      const perMagnitude = inTiles === undefined ? factor : neighbourFactor;
      for (let lane = 0; lane < lanes; lane++) {
        const magnitude = Math.abs(laneBias[lane]!);
        const offset = biases.address === 0 ? (magnitude < Infinity ? magnitude : 0) : biases.largest();
        radius[lane] = (perMagnitude * (panels.sizes[lane]! * largest + offset)) / divisor;
        // The sign of a zero is never decided by tiles.
        if (inTiles !== undefined && radius[lane] === 0) radius[lane] = Number.MIN_VALUE;
      }
      const move = batchOrigin + origin + (areTogether ? 4 * first : 0);
      const rounding = [
        used,
        laneBias.byteOffset,
        biases.address === 0 ? 0 : biases.address + move,
        radius.byteOffset,
        divisor,
        result.byteOffset + move,
        rowOut,
        areTogether ? 0 : laneOut.address + 4 * first,
      ] as const;
      const numbers = panels.data.byteOffset;
      if (inTiles !== undefined) {
        inTiles.windows(windows, panels, lanes, rounding);
      } else if (isOwn) {
        const step = 8 * panels.termStep;
        kernels.roundedWindows(image, rowAt, rows, offsets, terms, numbers, step, lanes, sums, ...rounding);
      } else {
        kernels.roundedProducts(image, rowAt, rows, offsets, terms, numbers, lanes, sums, ...rounding);
      }
    },
  });
}

/** Prepares sums of products of integers that binary64 holds exactly, plus a bias. */
export function integerProducts(
  node: ReduceNode,
  split: Split,
  bias: Operand | undefined,
  result: TensorArray,
  memory: Memory,
): () => void {
  const job = createJob(node, split, memory);
  const { arena, kernels } = memory;
  const read = bias === undefined ? undefined : biasReader(node, bias, memory);
  const isWide = result instanceof BigInt64Array || result instanceof BigUint64Array;
  const sums = arena.doubles(BLOCK_ROWS * job.most);
  const laneOffsets = elementOffsets(resultSteps(node), split.lanes, extentsOf(node));
  let biases: TensorArray | undefined;
  return createWalk(job, {
    start: () => {
      read?.start();
      biases = read?.read([]);
    },
    group: () => undefined,
    windows: ({ image, rowAt, rows, offsets, terms, rowOut, origin }, { first, used, lanes }, batchOrigin) => {
      const places = new Uint32Array(sums.buffer, rowOut, rows);
      for (let row = 0; row < rows; row += BLOCK_ROWS) {
        const some = Math.min(BLOCK_ROWS, rows - row);
        kernels.products(
          image,
          rowAt + 4 * row,
          some,
          offsets,
          terms,
          job.panels.data.byteOffset,
          lanes,
          sums.byteOffset,
        );
        for (let r = 0; r < some; r++) {
          const start = batchOrigin + origin + places[row + r]!;
          for (let lane = 0; lane < used; lane++) {
            const position = (start + laneOffsets[first + lane]!) / 4;
            const sum = sums[r * lanes + lane]!;
            const offset = biases?.[position] ?? 0;
            if (isWide) result[position] = BigInt(sum) + BigInt(offset);
            else result[position] = sum + Number(offset);
          }
        }
      }
    },
  });
}

function createJob(node: ReduceNode, split: Split, memory: Memory): Job {
  const terms = numelOf(node.red);
  const lanes = numelOf(split.lanes.map((d) => node.out[d]!));
  const unit = split.kind === "windows" ? 8 : 4;
  const budget = Math.max(unit, Math.floor(BUDGET / terms / unit) * unit);
  const most = Math.min(budget, Math.ceil(lanes / unit) * unit);
  const isOne = split.kind === "windows" && !isView(split.numbers);
  const { arena } = memory;
  const panels: Panels = {
    data: arena.doubles(most * (isOne ? 1 : terms)),
    groupStep: split.kind === "windows" ? 4 : 4 * terms,
    termStep: split.kind === "windows" ? (isOne ? 0 : most) : 4,
    sizes: arena.doubles(most),
  };
  return { node, split, memory, panels, most };
}

function createWalk({ node, split, memory, panels, most }: Job, work: Work): () => void {
  const extents = extentsOf(node);
  const { lanes, batch, kind } = split;
  const unit = kind === "windows" ? 8 : 4;
  const table = numberTable(split.numbers, { extents, lanes, batch, reduced: reducedDims(node) }, memory);
  const source = windowSource(node, split, memory);
  const steps = resultSteps(node);
  const batches = cutIntoBoxes(
    batch.map((d) => node.out[d]!),
    1,
  );
  return () => {
    work.start();
    source.start();
    batches.forEach((index) => {
      const batchOrigin = index.reduce((sum, at, i) => sum + at * steps[batch[i]!]!, 0);
      const numbers = table.at(index);
      for (let first = 0; first < table.lanes.length; first += most) {
        const used = Math.min(most, table.lanes.length - first);
        const group = { first, used, lanes: Math.ceil(used / unit) * unit };
        packLanes(table, numbers, group, panels);
        work.group(index, group);
        source.forEach(index, (windows) => {
          work.windows(windows, group, batchOrigin);
        });
      }
    });
  };
}
