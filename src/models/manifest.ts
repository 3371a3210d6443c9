import { z } from "zod";

import { FORMAT } from "../audit/content.js";
import { DTYPE_CODE, type DType } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { faultsOf } from "../faults.js";
import { isInside } from "../onnx/external.js";

/** Characters of a name, and of a licence. */
export const MAX_NAME = 64;

const dtype = z.enum(Object.keys(DTYPE_CODE) as [DType, ...DType[]]);
const shape = z.array(z.number().int().positive()).max(16);
const bits = z.string().regex(/^0x[0-9a-f]{1,16}$/);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const level = z.number().nonnegative();

/**
 * Whether each location is a file of its own, on every system. Where two lead to one, a runtime would read other weights than the
 * compiler, and an honest operator would be slashed for its answers.
 */
function areApart(locations: readonly string[]): boolean {
  const parts = (location: string): string[] => location.split("/").filter((part) => part !== "" && part !== ".");
  const paths = locations.map((location) => `${parts(location.normalize("NFC").toLowerCase()).join("/")}/`).sort();
  // A file among the folders of another stands right before it.
  return paths.every((path, i) => path !== "/" && !(i > 0 && path.startsWith(paths[i - 1]!)));
}

const schema = z.object({
  format: z.literal(FORMAT),
  name: z.string().min(1).max(MAX_NAME),
  licence: z.string().min(1).max(MAX_NAME),
  profile: z.enum(["tolerant", "exact"]),
  file: z.object({ sha256: hash, cid: z.string(), bytes: z.number().int().positive() }),
  /** Files beside the ONNX file that it keeps weights in; left out where there are none. */
  data: z
    .array(
      z.object({
        location: z.string().max(255).refine(isInside, "lies outside the model's folder"),
        sha256: hash,
        cid: z.string(),
        bytes: z.number().int().positive(),
      }),
    )
    .max(1024)
    .refine((files) => areApart(["model.onnx", ...files.map(({ location }) => location)]), "two names of one file")
    .optional(),
  /** Unbound inputs in graph order; the domain is `lo <= x <= hi` in element bits. */
  inputs: z.array(z.object({ name: z.string(), dtype, shape, lo: bits, hi: bits })).max(64),
  /** Inputs whose values belong to the model; `data` is big-endian element bytes in base64. */
  bound: z.array(z.object({ name: z.string(), dtype, shape, data: z.base64() })).max(256),
  /** Outputs in graph order. A native answer within `noise` of the audit answer (as a fraction of the tolerance) is unsuspicious. */
  outputs: z
    .array(z.object({ name: z.string(), dtype, shape, atol: level, rtol: level, noise: z.number().min(0).max(1) }))
    .min(1)
    .max(64),
});

/**
 * What a publisher decides about a model, beside its file: everything needed to recompile it to the registered content
 * id. It travels with the file; whoever uses a model recompiles and compares, so a wrong manifest is noticed.
 */
export type Manifest = z.infer<typeof schema>;

/** @throws TouchstoneError `MANIFEST_INVALID` naming each wrong field. */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TouchstoneError("MANIFEST_INVALID", "The model manifest is not JSON.", { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new TouchstoneError("MANIFEST_INVALID", `The model manifest is wrong: ${faultsOf(parsed.error)}`, {
      next: "Fetch it again from the publisher, or make it with `touchstone model calibrate`.",
    });
  }
  return parsed.data;
}
