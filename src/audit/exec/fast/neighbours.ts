import type { Rounding } from "./engine.js";
import type { Memory } from "./memory.js";
import type { Panels } from "./numbers.js";
import { createTable, type Grid, type Windows } from "./windows.js";

/** Tiles that the kernel forms at a time (`TILES` of assembly/neighbours.ts). */
const TILES = 30;

/*
 * Costs in binary64 multiply-adds of a row of `products`, as measured: of a channel and a lane in a tile, whose 16 sums are short; of
 * transforming the tile of a channel, and that of a lane.
 */
const PAIR = 20;
const TILE = 150;

/** How sums of 3 x 3 neighbours are formed four at a time: see assembly/neighbours.ts. */
export interface Neighbours {
  /** To be called before the first batch of a run. */
  start(): void;
  /** To be called when other numbers were packed. */
  group(panels: Panels, lanes: number): void;
  windows(windows: Windows, panels: Panels, lanes: number, rounding: Readonly<Rounding>): void;
}

/** Whether tiles cost less than windows one by one, for `lanes` numbers at a time. */
export function areWorthTiles({ height, width, channels }: Grid, lanes: number): boolean {
  const tiles = Math.ceil(height / 2) * Math.ceil(width / 2 / 6) * 6;
  const inTiles = tiles * (PAIR * channels * lanes + TILE * (channels + lanes));
  return inTiles < 9 * Math.ceil((height * width) / 6) * 6 * channels * lanes;
}

/** @param most lanes of a group, padded */
export function createNeighbours(grid: Grid, most: number, memory: Memory): Neighbours {
  const { arena, kernels } = memory;
  const { height, width, rowStep, columnStep, channels } = grid;
  const terms = grid.terms.length;
  const termAt = createTable(grid.terms, memory);
  const tileAt = createTable(
    Array.from({ length: TILES }, (_, tile) => 8 * channels * tile),
    memory,
  );
  const tileOffsets = createTable(
    Array.from({ length: channels }, (_, c) => 8 * c),
    memory,
  );
  const numbers = arena.doubles(16 * channels * most).byteOffset;
  const scratch = arena.doubles(16 * (TILES * channels + 2) + 20 * TILES * most).byteOffset;
  return {
    start: () => {
      for (const table of [termAt, tileAt, tileOffsets]) table.write();
    },
    group: (panels, lanes) =>
      kernels.transformNumbers(panels.data.byteOffset, terms, termAt.address, channels, lanes, numbers),
    windows: ({ image, rowAt, offsets }, panels, lanes, rounding) =>
      kernels.roundedNeighbours(
        ...([image, rowAt, height, width, rowStep, columnStep, channels, numbers, lanes] as const),
        ...([tileAt.address, tileOffsets.address, scratch, offsets, terms, panels.data.byteOffset] as const),
        ...rounding,
      ),
  };
}
