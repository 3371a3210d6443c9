import type { DType } from "./graph.js";
import { DTYPE_BYTES } from "./graph.js";
import { keccak } from "./kernels/gen/keccak.js";
import { kernelModule } from "./kernels/load.js";

/** The hash under every commitment. Synchronous, so that trees stay plain functions; pass another one where a faster engine exists. */
export interface Keccak {
  /** keccak256 of `data`, in 32 new bytes. */
  hash(data: Uint8Array): Uint8Array;
  /** keccak256 of every consecutive `size`-byte block of `data`, 32 bytes each into `out`. `data.length` is a multiple of `size`. */
  hashEach(data: Uint8Array, size: number, out: Uint8Array): void;
  /**
   * keccak256 of every consecutive `size`-byte block of the committed bytes of elements, 32 bytes each into `out`; the last block
   * is padded with zeros.
   *
   * @param host the elements as the host holds them, little-endian
   * @param size a power of two, 16 to 65,536
   */
  hashElements(host: Uint8Array, dtype: DType, size: number, out: Uint8Array): void;
}

const DIGEST = 32;
/** Bytes that the kernel's input holds, messages whose digests its output holds, and bytes that the permutation absorbs. */
const INPUT = 65_536;
const MESSAGES = 1024;
const RATE = 136;

/** What src/audit/kernels/assembly/keccak.ts exports. */
interface KeccakKernel {
  readonly memory: WebAssembly.Memory;
  input(): number;
  output(): number;
  start(): void;
  absorbInput(blocks: number): void;
  finishInput(size: number): void;
  hashEach(count: number, size: number): void;
  swap(bytes: number, width: number): void;
  swapFloats(bytes: number): void;
  swapDoubles(bytes: number): void;
  normaliseBools(bytes: number): void;
}

function createWasmKeccak(): Keccak {
  const kernel = new WebAssembly.Instance(kernelModule(keccak)).exports as unknown as KeccakKernel;
  const input = new Uint8Array(kernel.memory.buffer, kernel.input(), INPUT);
  const output = new Uint8Array(kernel.memory.buffer, kernel.output(), MESSAGES * DIGEST);

  function hash(data: Uint8Array): Uint8Array {
    const span = INPUT - (INPUT % RATE);
    let from = 0;
    kernel.start();
    for (; data.length - from > span; from += span) {
      input.set(data.subarray(from, from + span));
      kernel.absorbInput(span / RATE);
    }
    input.set(data.subarray(from));
    kernel.finishInput(data.length - from);
    return output.slice(0, DIGEST);
  }

  /** Converts the first bytes of the input to their committed form. */
  function commitElements(bytes: number, dtype: DType): void {
    const width = DTYPE_BYTES[dtype];
    if (dtype === "f32") kernel.swapFloats(bytes);
    else if (dtype === "f64") kernel.swapDoubles(bytes);
    else if (dtype === "bool") kernel.normaliseBools(bytes);
    else if (width > 1) kernel.swap(bytes, width);
  }

  return {
    hash,
    hashEach(data, size, out) {
      const batch = Math.min(Math.floor(INPUT / size), MESSAGES);
      const count = data.length / size;
      if (batch === 0) {
        for (let i = 0; i < count; i++) out.set(hash(data.subarray(i * size, (i + 1) * size)), i * DIGEST);
        return;
      }
      for (let first = 0; first < count; first += batch) {
        const n = Math.min(batch, count - first);
        input.set(data.subarray(first * size, (first + n) * size));
        kernel.hashEach(n, size);
        out.set(output.subarray(0, n * DIGEST), first * DIGEST);
      }
    },
    hashElements(host, dtype, size, out) {
      const batch = Math.min(INPUT, MESSAGES * size);
      for (let from = 0; from < host.length; from += batch) {
        const part = host.subarray(from, from + batch);
        const n = Math.ceil(part.length / size);
        input.set(part);
        commitElements(part.length, dtype);
        input.fill(0, part.length, n * size);
        kernel.hashEach(n, size);
        out.set(output.subarray(0, n * DIGEST), (from / size) * DIGEST);
      }
    },
  };
}

/** The default: two messages at a time in WebAssembly. Compiled once, at import. */
export const wasmKeccak: Keccak = createWasmKeccak();
