import { newArray, numelOf } from "../../src/audit/bytes.js";
import { writeElement } from "../../src/audit/exec/elements.js";
import type { AuditGraph, DType, Tensor } from "../../src/audit/graph.js";
import { createRandom, floatBits, randomBits } from "./samples.js";

/** What kind of numbers a tensor holds: anything, usual activations, small integers (exact sums, ties), or wide spreads. */
export const FLAVOURS = ["any", "usual", "grid", "wide"] as const;
export type Flavour = (typeof FLAVOURS)[number];

function floatOfFlavour(flavour: Flavour, random: () => number): bigint {
  const unit = random() / 2 ** 31 - 1;
  switch (flavour) {
    case "any":
      return randomBits("f32", random);
    case "usual":
      // A third zeros, as behind a rectifier.
      return random() % 3 === 0 ? floatBits(random() % 4 === 0 ? -0 : 0) : floatBits(unit * 4);
    case "grid":
      return floatBits(((random() % 257) - 128) / 2 ** (random() % 3));
    case "wide":
      return floatBits(unit * 2 ** ((random() % 250) - 125));
  }
}

export function sampleTensor(dtype: DType, shape: readonly number[], seed: number, flavour: Flavour): Tensor {
  const random = createRandom(seed);
  const data = newArray(dtype, numelOf(shape));
  for (let i = 0; i < data.length; i++) {
    writeElement(data, dtype, i, dtype === "f32" ? floatOfFlavour(flavour, random) : randomBits(dtype, random));
  }
  return { dtype, shape, data };
}

/** The graph with its weights, and inputs for it, filled in one flavour. */
export function inFlavour(graph: AuditGraph, seed: number, flavour: Flavour): { graph: AuditGraph; inputs: Tensor[] } {
  const weights = graph.weights.map(({ dtype, shape }, i) => sampleTensor(dtype, shape, seed + 2 * i + 1, flavour));
  const inputs = graph.inputs.map(({ dtype, shape }, i) => sampleTensor(dtype, shape, seed + 2 * i, flavour));
  return { graph: { ...graph, weights }, inputs };
}
