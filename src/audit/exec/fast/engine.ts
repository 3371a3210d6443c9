import { TouchstoneError } from "../../../errors.js";
import { fast } from "../../kernels/gen/fast.js";
import { kernelModule } from "../../kernels/load.js";

/** Operands' addresses, the result's, and a number of elements. */
type BinaryMap = (a: number, b: number, out: number, n: number) => void;

/** What src/audit/kernels/assembly/fast.ts exports, and says what it means. */
export interface Kernels {
  readonly add: BinaryMap;
  readonly sub: BinaryMap;
  readonly mul: BinaryMap;
  readonly div: BinaryMap;
  readonly minimum: BinaryMap;
  readonly maximum: BinaryMap;
  products(...job: [...windows: Windows, numbers: number, lanes: number, sums: number]): void;
  roundedProducts(
    ...job: [...windows: Windows, numbers: number, lanes: number, sums: number, ...rounding: Rounding]
  ): void;
  roundedWindows(
    ...job: [...windows: Windows, numbers: number, termStep: number, lanes: number, sums: number, ...rounding: Rounding]
  ): void;
  transformNumbers(
    ...job: [panels: number, terms: number, termAt: number, channels: number, lanes: number, out: number]
  ): void;
  roundedNeighbours(
    ...job: [
      image: number,
      rowAt: number,
      height: number,
      width: number,
      rowStep: number,
      columnStep: number,
      channels: number,
      numbers: number,
      lanes: number,
      tileAt: number,
      tileOffsets: number,
      scratch: number,
      offsets: number,
      terms: number,
      panels: number,
      ...rounding: Rounding,
    ]
  ): void;
  roundedRows(
    ...job: [
      a: number,
      b: number,
      bStep: number,
      terms: number,
      count: number,
      bias: number,
      biasStep: number,
      factor: number,
      divisor: number,
      out: number,
    ]
  ): void;
  takeUndecided(): number;
  widenBox(from: number, to: number, loops: number, depth: number): void;
  copyBox(from: number, to: number, loops: number, depth: number): void;
  takeLargest(): number;
  extrema(...job: [...windows: Windows, isMax: number, lanes: number, out: number, rowOut: number]): void;
}

type Windows = [image: number, rowAt: number, rows: number, offsets: number, terms: number];
/** How sums are rounded, and where they go: see `round` of assembly/round.ts. */
export type Rounding = [
  used: number,
  bias: number,
  biasAt: number,
  radius: number,
  divisor: number,
  out: number,
  rowOut: number,
  laneOut: number,
];

/** Which build of the kernels: the best that the engine runs, or the one without relaxed SIMD. */
export type KernelChoice = "best" | "plain";

/**
 * The kernels and their memory. All graphs of a process run in it, one at a time: nothing in it outlives a run, and it is as large as
 * the largest of them needed.
 */
export interface Engine {
  readonly kernels: Kernels;
  /** First address that a run may use. */
  readonly base: number;
  /** The memory; another object after it grew. */
  buffer(): ArrayBuffer;
  /** Makes the memory reach to an address; whether it had to grow. */
  reach(end: number): boolean;
}

const PAGE = 65536;
const MOST_PAGES = 65536;

function createEngine(choice: KernelChoice): Engine {
  const exports = new WebAssembly.Instance(kernelModule(fast, choice)).exports as unknown as Kernels & {
    readonly memory: WebAssembly.Memory;
    base(): number;
  };
  const { memory } = exports;
  return {
    kernels: exports,
    base: exports.base(),
    buffer: () => memory.buffer,
    reach: (end) => {
      const present = memory.buffer.byteLength / PAGE;
      const wanted = Math.ceil(end / PAGE);
      if (wanted <= present) return false;
      if (wanted > MOST_PAGES) throw tooLarge(end);
      try {
        // Untouched pages cost nothing, so that it need not grow often.
        memory.grow(Math.min(MOST_PAGES, Math.max(wanted, 2 * present)) - present);
      } catch (cause) {
        throw tooLarge(end, cause);
      }
      return true;
    },
  };
}

function tooLarge(bytes: number, cause?: unknown): TouchstoneError {
  return new TouchstoneError(
    "EXECUTOR_MEMORY",
    `A run of this graph needs ${Math.ceil(bytes / 2 ** 20)} MiB in one piece.`,
    {
      next: "Free memory, or compile the model for smaller inputs: kernels address at most 4 GiB.",
      cause,
    },
  );
}

const engines = new Map<KernelChoice, Engine>();

/** The engine of this process, made when it is first asked for. */
export function engineOf(choice: KernelChoice): Engine {
  const engine = engines.get(choice) ?? createEngine(choice);
  engines.set(choice, engine);
  return engine;
}
