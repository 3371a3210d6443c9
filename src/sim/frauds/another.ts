import { newArray } from "../../audit/bytes.js";
import type { Tensor } from "../../audit/graph.js";
import type { Answerer } from "../../worker/worker.js";
import { drawBelow, randomFor } from "../random.js";

/** The same numbers in other places: a right-looking answer to another question. */
export function rotated(tensor: Tensor, by: number): Tensor {
  const { data, dtype, shape } = tensor;
  const moved = newArray(dtype, data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value !== undefined) moved[(i + by) % data.length] = value;
  }
  return { dtype, shape, data: moved };
}

/** Answers something else: every output rotated by a random number of places. */
export function anotherAnswer(honest: Answerer, seed: number): Answerer {
  return async (model, inputs, claimId) => {
    const random = randomFor(seed, claimId);
    const outputs = await honest(model, inputs, claimId);
    return outputs.map((tensor) => rotated(tensor, 1 + drawBelow(random, Math.max(1, tensor.data.length - 1))));
  };
}
