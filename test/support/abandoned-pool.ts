/** Leaves a pool with work in it and ends: run by test/runtime/hashing/pool.test.ts. */
import { createHashPool } from "../../src/runtime/hashing/pool.js";
import { noiseTensor } from "./tensors.js";

const pool = createHashPool({
  onFailure: (cause) => {
    throw cause;
  },
});
pool.add(noiseTensor("u8", [1_000_000], 1));
console.log("left");
