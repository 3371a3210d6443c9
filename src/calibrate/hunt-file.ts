import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { z } from "zod";

import { tensorBytes, tensorFromBytes } from "../audit/bytes.js";
import { type AuditGraph, DTYPE_CODE, type DType, type InputSpec, type Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { writeWhole } from "../whole.js";
import type { HuntState } from "./hunt.js";

/** A search on disk, and what it cost so far. */
export interface StoredHunt {
  readonly atol: readonly number[];
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
  /** What the search is about: see `subjectOf`. */
  subject: z.string(),
  /** Tolerance of every output, in which scores are counted. */
  atol: z.array(z.number().nonnegative()),
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

/** What a search is about: the file, the shapes and the domain. */
export function subjectOf(bytes: Uint8Array, inputs: readonly InputSpec[]): string {
  const domains = inputs.map(({ shape, lo, hi }) => [shape, lo.toString(), hi.toString()]);
  return createHash("sha256").update(bytes).update(JSON.stringify(domains)).digest("hex");
}

/**
 * Reads the search in `path`; undefined where there is no such file.
 * @throws TouchstoneError `HUNT_FOREIGN` where the file belongs to another model or domain.
 */
export function readHunt(path: string, subject: string): StoredHunt | undefined {
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success || parsed.data.subject !== subject) {
    throw new TouchstoneError("HUNT_FOREIGN", `${path} holds no search of this model and domain.`, {
      next: "Name another file, or remove this one to begin anew.",
    });
  }
  const { cpuSeconds, atol, subject: _, best, pool, ...rest } = parsed.data;
  const state = { ...rest, best: best === undefined ? undefined : toQuarry(best), pool: pool.map(toQuarry) };
  return { atol, cpuSeconds, state };
}

/**
 * The worst inputs that a search found.
 * @throws TouchstoneError `HUNT_FOREIGN` where the file belongs to another model or domain, `HUNT_MISSING` where there is none.
 */
export function huntedInputs(path: string, graph: AuditGraph, bytes: Uint8Array): (readonly Tensor[])[] {
  const hunt = readHunt(path, subjectOf(bytes, graph.inputs));
  if (hunt === undefined) {
    throw new TouchstoneError("HUNT_MISSING", `There is no search in ${path}.`, {
      next: "Make one with `touchstone model hunt`.",
    });
  }
  const { best, pool } = hunt.state;
  return [...(best === undefined ? [] : [best]), ...pool].map(({ inputs }) => inputs);
}

/** Replaces the file at once, so that an interrupted write loses nothing. */
export function writeHunt(path: string, subject: string, { atol, state, cpuSeconds }: StoredHunt): void {
  const { best, pool, ...rest } = state;
  const stored = { subject, atol, cpuSeconds, ...rest, ...(best && { best }), pool };
  const text = JSON.stringify(stored, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "dtype" in value ? toText(value as Tensor) : value,
  );
  writeWhole(path, text);
}
