import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

import { z } from "zod";

import { tensorBytes, tensorFromBytes } from "../audit/bytes.js";
import { DTYPE_CODE, type DType, type Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { type HuntState, newHunt } from "./hunt.js";

/** A search on disk, and what it cost so far. */
export interface StoredHunt {
  readonly state: HuntState;
  /** Of all cores together, over all runs. */
  readonly cpuSeconds: number;
}

const count = z.number().int().nonnegative();
const tensor = z.object({
  dtype: z.enum(Object.keys(DTYPE_CODE) as [DType, ...DType[]]),
  shape: z.array(count),
  data: z.base64(),
});
const quarry = z.object({ score: z.number(), by: z.string(), inputs: z.array(tensor) });
const schema = z.object({
  /** What the search is about: file, domain and tolerance. */
  subject: z.string(),
  cpuSeconds: z.number().nonnegative(),
  seed: count,
  rounds: count,
  screened: count,
  judged: count,
  stale: count,
  restarts: count,
  best: quarry.optional(),
  pool: z.array(quarry),
  moves: z.record(z.string(), z.object({ tried: count, won: count })),
});

const toText = ({ dtype, shape, data }: Tensor): z.infer<typeof tensor> => ({
  dtype,
  shape: [...shape],
  data: Buffer.from(tensorBytes({ dtype, shape, data })).toString("base64"),
});
const toTensor = ({ dtype, shape, data }: z.infer<typeof tensor>): Tensor =>
  tensorFromBytes(new Uint8Array(Buffer.from(data, "base64")), dtype, shape);
const toQuarry = ({ score, by, inputs }: z.infer<typeof quarry>) => ({ score, by, inputs: inputs.map(toTensor) });

/**
 * Goes on with the search in `path`, or begins one.
 * @throws TouchstoneError `HUNT_FOREIGN` where the file belongs to another search.
 */
export function readHunt(path: string, subject: string, seed: number): StoredHunt {
  if (!existsSync(path)) return { state: newHunt(seed), cpuSeconds: 0 };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success || parsed.data.subject !== subject) {
    throw new TouchstoneError("HUNT_FOREIGN", `${path} holds no search of this model, domain and tolerance.`, {
      next: "Name another file, or remove this one to begin anew.",
    });
  }
  const { cpuSeconds, subject: _, best, pool, ...rest } = parsed.data;
  return {
    cpuSeconds,
    state: { ...rest, best: best === undefined ? undefined : toQuarry(best), pool: pool.map(toQuarry) },
  };
}

/** Replaces the file at once, so that an interrupted write loses nothing. */
export function writeHunt(path: string, subject: string, { state, cpuSeconds }: StoredHunt): void {
  const { best, pool, ...rest } = state;
  const stored = { subject, cpuSeconds, ...rest, ...(best && { best }), pool };
  const text = JSON.stringify(stored, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "dtype" in value ? toText(value as Tensor) : value,
  );
  const temporary = `${path}.new`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
