import { expect } from "chai";
import { engineOf, type KernelChoice } from "../../../src/audit/exec/fast/engine.js";
import { createExecutor } from "../../../src/audit/exec/fast/execute.js";
import { fast } from "../../../src/audit/kernels/gen/fast.js";
import { areWorthTiles } from "../../../src/audit/exec/fast/neighbours.js";
import { gridOf } from "../../../src/audit/exec/fast/windows.js";
import { chooseSplit, type Split } from "../../../src/audit/exec/fast/split.js";
import { readElement } from "../../../src/audit/exec/elements.js";
import { evaluateElement } from "../../../src/audit/exec/reference/execute.js";
import type {
  AuditGraph,
  DType,
  Guard,
  Immediate,
  Operand,
  ReduceFn,
  ReduceNode,
  Tensor,
  View,
} from "../../../src/audit/graph.js";
import { fuzzCases, fuzzSeed } from "../../support/fuzz.js";
import { FLAVOURS, sampleTensor } from "../../support/sample-tensors.js";
import { createRandom } from "../../support/samples.js";

/*
 * One node for every way in which the fast executor forms sums and extrema: each case says which it must be, at sizes at which the
 * executor chooses it by itself, with pieces that overlap and rests that fill no vector.
 */

const CHOICES: readonly KernelChoice[] = ["best", "plain"];

interface Case {
  readonly node: ReduceNode;
  /** Elements of the inputs; weights follow them. */
  readonly inputs: readonly { readonly dtype: DType; readonly numel: number }[];
  readonly weights: readonly { readonly dtype: DType; readonly numel: number }[];
  /** How the sums must be formed; `rows` stands for row by row. */
  readonly way:
    "products of tiles" | "products of an image" | "products of packed windows" | "windows" | "rows" | "extrema";
}

function view(kind: "input" | "weight", index: number, numel: number, coef: readonly number[], rest = {}): View {
  return { source: { kind, index }, dtype: "f32", numel, base: 0, coef, guards: [], fill: 0n, ...rest };
}

function guard(base: number, extent: number, stride: number, coef: readonly number[], divisor = 1): Guard {
  return { base, divisor, extent, stride, coef };
}

function reduce(
  fn: ReduceFn,
  out: readonly number[],
  red: readonly number[],
  operands: readonly Operand[],
): ReduceNode {
  return { kind: "reduce", fn, dtype: "f32", out, red, operands, steps: [], label: "" };
}

const floats = (numel: number) => ({ dtype: "f32" as const, numel });

/** A convolution over rows, columns and channels: `h` x `w` x `c` to `m` channels, windows of 3 x 3, one element of padding. */
function convolution({
  h,
  w,
  c,
  m,
  step = 1,
  fill = 0n,
  way = "products of an image",
}: Record<"h" | "w" | "c" | "m", number> & { step?: number; fill?: bigint; way?: Case["way"] }): Case {
  const out = [Math.floor((h - 1) / step) + 1, Math.floor((w - 1) / step) + 1, m];
  const guards = [guard(-1, h, w * c, [step, 0, 0, 1, 0, 0]), guard(-1, w, c, [0, step, 0, 0, 1, 0])];
  const operands = [
    view("input", 0, h * w * c, [0, 0, 0, 0, 0, 1], { guards, fill }),
    view("weight", 0, m * 9 * c, [0, 0, 9 * c, 3 * c, c, 1]),
    view("weight", 1, m, [0, 0, 1, 0, 0, 0]),
  ];
  return {
    node: reduce("dot", out, [3, 3, c], operands),
    inputs: [floats(h * w * c)],
    weights: [floats(m * 9 * c), floats(m)],
    way,
  };
}

/** A depthwise convolution, or with another function a pool. */
function depthwise(fn: ReduceFn, h: number, w: number, c: number, operands: readonly Operand[] = []): Case {
  const guards = [guard(-1, h, w * c, [1, 0, 0, 1, 0]), guard(-1, w, c, [0, 1, 0, 0, 1])];
  return {
    node: reduce(fn, [h, w, c], [3, 3], [view("input", 0, h * w * c, [0, 0, 1, 0, 0], { guards }), ...operands]),
    inputs: [floats(h * w * c)],
    weights: operands.length === 0 ? [] : [floats(9 * c), floats(c)],
    way: fn === "max" || fn === "min" ? "extrema" : "windows",
  };
}

const WEIGHTED = (c: number): Operand[] => [
  view("weight", 0, 9 * c, [0, 0, 9, 3, 1]),
  view("weight", 1, c, [0, 0, 1, 0, 0]),
];
const HALF: Immediate = { source: { kind: "immediate" }, dtype: "f32", value: 0x3f000000n };

const CASES: Readonly<Record<string, Case>> = {
  "convolution, lanes that fill no vector": convolution({ h: 11, w: 13, c: 3, m: 7 }),
  "convolution with a step and a fill that is no zero": convolution({
    h: 12,
    w: 17,
    c: 5,
    m: 10,
    step: 2,
    fill: 0xbfc00000n,
  }),
  "convolution in bands of the image and groups of lanes": convolution({
    h: 41,
    w: 40,
    c: 128,
    m: 80,
    way: "products of tiles",
  }),
  "convolution of odd sizes": convolution({ h: 9, w: 65, c: 33, m: 38, way: "products of tiles" }),
  "convolution of few places with a fill": convolution({
    h: 7,
    w: 12,
    c: 48,
    m: 46,
    fill: 0xbfc00000n,
    way: "products of tiles",
  }),
  "convolution with biases by position": (() => {
    const base = convolution({ h: 9, w: 10, c: 4, m: 6 });
    const bias = view("weight", 1, 540, [60, 6, 1, 0, 0, 0]);
    const operands = [...base.node.operands.slice(0, 2), bias];
    return { ...base, node: { ...base.node, operands }, weights: [floats(216), floats(540)] };
  })(),
  "convolution into rows of channels": (() => {
    const base = convolution({ h: 10, w: 11, c: 8, m: 6 });
    const [x, y] = base.node.operands as [View, View];
    const move = (coef: readonly number[]): number[] => [coef[0]!, coef[2]!, coef[1]!, ...coef.slice(3)];
    const guards = x.guards.map((each) => ({ ...each, coef: move(each.coef) }));
    const operands = [
      { ...x, coef: move(x.coef), guards },
      { ...y, coef: move(y.coef) },
    ];
    return { ...base, node: { ...base.node, out: [10, 6, 11], operands } };
  })(),
  "grouped convolution": {
    node: reduce(
      "dot",
      [9, 8, 3, 5],
      [3, 3, 4],
      [
        view("input", 0, 9 * 8 * 12, [0, 0, 4, 0, 0, 0, 1], {
          guards: [guard(-1, 9, 96, [1, 0, 0, 0, 1, 0, 0]), guard(-1, 8, 12, [0, 1, 0, 0, 0, 1, 0])],
        }),
        view("weight", 0, 540, [0, 0, 180, 36, 12, 4, 1]),
      ],
    ),
    inputs: [floats(9 * 8 * 12)],
    weights: [floats(540)],
    way: "products of an image",
  },
  "transposed convolution": {
    node: reduce(
      "dot",
      [15, 17, 6],
      [3, 3, 4],
      [
        view("input", 0, 8 * 9 * 4, [0, 0, 0, 0, 0, 1], {
          guards: [guard(-1, 8, 36, [1, 0, 0, 1, 0, 0], 2), guard(-1, 9, 4, [0, 1, 0, 0, 1, 0], 2)],
        }),
        view("weight", 0, 216, [0, 0, 36, 12, 4, 1]),
      ],
    ),
    inputs: [floats(288)],
    weights: [floats(216)],
    way: "products of packed windows",
  },
  "products of two activations, reversed": {
    node: reduce(
      "dot",
      [3, 23, 19],
      [31],
      [view("input", 0, 3 * 23 * 31, [713, 31, 0, 1]), view("input", 1, 3 * 19 * 31, [589, 0, -31, -1], { base: 588 })],
    ),
    inputs: [floats(2139), floats(1767)],
    weights: [],
    way: "products of an image",
  },
  "products with guarded numbers": {
    node: reduce(
      "dot",
      [29, 21],
      [13],
      [
        view("input", 0, 29 * 13, [13, 0, 1]),
        view("weight", 0, 21 * 13, [0, 13, 1], { guards: [guard(-2, 9, 0, [0, 0, 1])], fill: 0x40490fdbn }),
      ],
    ),
    inputs: [floats(377)],
    weights: [floats(273)],
    way: "products of an image",
  },
  "one vector times a matrix": {
    node: reduce(
      "dot",
      [37],
      [101],
      [view("input", 0, 101, [0, 1]), view("weight", 0, 3737, [101, 1]), view("weight", 1, 37, [1, 0])],
    ),
    inputs: [floats(101)],
    weights: [floats(3737), floats(37)],
    way: "rows",
  },
  "depthwise convolution": depthwise("dot", 12, 11, 21, WEIGHTED(21)),
  "depthwise convolution in bands": depthwise("dot", 60, 61, 64, WEIGHTED(64)),
  "windows times one number": depthwise("dot", 9, 10, 13, [HALF]),
  "sums of windows": depthwise("sum", 9, 10, 13),
  "means of windows": depthwise("mean", 9, 10, 13),
  "maxima of windows": depthwise("max", 9, 10, 13),
  "minima of windows": depthwise("min", 9, 10, 13),
  "means of rows": {
    node: reduce("mean", [57], [130], [view("input", 0, 7410, [130, 1])]),
    inputs: [floats(7410)],
    weights: [],
    way: "rows",
  },
};

function wayOf(node: ReduceNode): Case["way"] {
  if (node.fn === "max" || node.fn === "min") return "extrema";
  const one: Immediate = { ...HALF, value: 0x3f800000n };
  const [a, b = one] = node.operands as readonly [Operand, Operand?];
  const split: Split | undefined = chooseSplit(node, [a, b], ["products", "windows"]);
  if (split === undefined) return "rows";
  if (split.kind === "windows") return "windows";
  if (split.image === undefined) return "products of packed windows";
  const grid = gridOf(node, split);
  const lanes = split.lanes.reduce((count, d) => count * node.out[d]!, 1);
  return grid !== undefined && areWorthTiles(grid, lanes) ? "products of tiles" : "products of an image";
}

describe("kernels of the fast executor", () => {
  it("have a build with relaxed SIMD, which this engine runs", () => {
    expect(WebAssembly.validate(Uint8Array.from(Buffer.from(fast.relaxed ?? "", "base64")))).to.equal(true);
    expect(engineOf("best").buffer()).not.to.equal(engineOf("plain").buffer());
  });

  for (const [name, { node, inputs, weights, way }] of Object.entries(CASES)) {
    it(`${name}: ${way}`, function () {
      this.timeout(0);
      expect(wayOf(node)).to.equal(way);
      const random = createRandom(fuzzSeed);
      for (const flavour of FLAVOURS) {
        const sample = ({ dtype, numel }: { dtype: DType; numel: number }): Tensor =>
          sampleTensor(dtype, [numel], random(), flavour);
        const given = inputs.map(sample);
        const specs = inputs.map(({ dtype, numel }, i) => ({ name: `x${i}`, dtype, shape: [numel], lo: 0n, hi: 0n }));
        const graph: AuditGraph = {
          inputs: specs,
          weights: weights.map(sample),
          nodes: [node],
          outputs: [],
          bound: [],
        };
        const traces = CHOICES.map((choice) => createExecutor(graph, choice).trace(given));
        const [best, plain] = traces.map(([result]) => result!.data) as [Float32Array, Float32Array];
        expect(new Uint32Array(best.buffer)).to.deep.equal(new Uint32Array(plain.buffer));
        const count = Math.min(best.length, fuzzCases(150));
        for (let i = 0; i < count; i++) {
          // The ends too: there pieces overlap.
          const element = i < 20 ? i : i < 40 ? best.length - 1 - (i - 20) : random() % best.length;
          expect(readElement(best, "f32", element), `${flavour}, element ${element}`).to.equal(
            evaluateElement(graph, traces[0]!, given, 0, element),
          );
        }
      }
    });
  }

  it("know what windows of zeros sum to, and its sign, without the exact accumulator", () => {
    const random = createRandom(fuzzSeed);
    for (const [name, { node, inputs, weights, way }] of Object.entries(CASES)) {
      if (way === "extrema") continue;
      for (const signs of ["mixed", "minus"] as const) {
        // Inputs of +0 and weights of -0 leave nothing but -0 to be summed.
        const zeros = (numel: number, sign: number): Tensor => {
          const data = Float32Array.from({ length: numel }, () => (signs === "mixed" && random() % 2 === 0 ? 0 : sign));
          return { dtype: "f32", shape: [numel], data };
        };
        const given = inputs.map(({ numel }, i) => zeros(numel, i === 0 ? 0 : -0));
        const specs = inputs.map(({ dtype, numel }, i) => ({ name: `x${i}`, dtype, shape: [numel], lo: 0n, hi: 0n }));
        const constants = weights.map(({ numel }) => zeros(numel, -0));
        const graph: AuditGraph = { inputs: specs, weights: constants, nodes: [node], outputs: [], bound: [] };
        for (const choice of CHOICES) {
          const executor = createExecutor(graph, choice);
          const trace = executor.trace(given);
          expect(executor.last.undecided, `${name}, ${choice}`).to.equal(0);
          const [{ data }] = trace as [Tensor];
          for (let i = 0; i < Math.min(data.length, 40); i++) {
            expect(readElement(data, "f32", i), `${name}, element ${i}`).to.equal(
              evaluateElement(graph, trace, given, 0, i),
            );
          }
        }
      }
    }
  });

  it("tell signs of zeros and infinities in tiles where other windows see other numbers", () => {
    const random = createRandom(fuzzSeed);
    const [rare, zero] = [
      [Infinity, -Infinity, NaN, 3e38, -1.5, 2],
      [0, -0],
    ] as const;
    const pick = <T>(list: readonly T[]): T => list[random() % list.length]!;
    const sparse = (numel: number, one: number): Tensor => {
      const data = Float32Array.from({ length: numel }, () => pick<number>(random() % one === 0 ? rare : zero));
      return { dtype: "f32", shape: [numel], data };
    };
    for (const [name, { node, inputs, weights, way }] of Object.entries(CASES)) {
      if (way !== "products of tiles") continue;
      const given = inputs.map(({ numel }) => sparse(numel, 997));
      const specs = inputs.map(({ dtype, numel }, i) => ({ name: `x${i}`, dtype, shape: [numel], lo: 0n, hi: 0n }));
      const constants = weights.map(({ numel }) => sparse(numel, 5_003));
      const graph: AuditGraph = { inputs: specs, weights: constants, nodes: [node], outputs: [], bound: [] };
      for (const choice of CHOICES) {
        const trace = createExecutor(graph, choice).trace(given);
        const [{ data }] = trace as [Tensor];
        for (let i = 0; i < fuzzCases(400); i++) {
          const element = random() % data.length;
          expect(readElement(data, "f32", element), `${name}, element ${element}`).to.equal(
            evaluateElement(graph, trace, given, 0, element),
          );
        }
      }
    }
  });

  it("sum integers exactly, in 32 and 64 bits", () => {
    const random = createRandom(fuzzSeed);
    for (const dtype of ["i32", "i64"] as const) {
      const operands: Operand[] = [
        { ...view("input", 0, 23 * 40, [40, 0, 1]), dtype: "u8" },
        { ...view("weight", 0, 17 * 40, [0, 40, 1]), dtype: "i8" },
        { ...view("weight", 1, 17, [0, 1, 0]), dtype },
      ];
      const node: ReduceNode = { ...reduce("dot", [23, 17], [40], operands), dtype };
      const sample = (of: DType, numel: number): Tensor => sampleTensor(of, [numel], random(), "any");
      const given = [sample("u8", 920)];
      const weights = [sample("i8", 680), sample(dtype, 17)];
      const specs = [{ name: "x", dtype: "u8" as const, shape: [920], lo: 0n, hi: 0n }];
      const graph: AuditGraph = { inputs: specs, weights, nodes: [node], outputs: [], bound: [] };
      const trace = createExecutor(graph).trace(given);
      for (let i = 0; i < 391; i++) {
        expect(readElement(trace[0]!.data, dtype, i)).to.equal(evaluateElement(graph, trace, given, 0, i));
      }
    }
  });
});
