import { tensorBytes } from "../audit/bytes.js";
import { compile } from "../audit/compile.js";
import { bitsOf, boundsOf } from "../audit/compile/bits.js";
import { FORMAT } from "../audit/content.js";
import type { AuditGraph, DType, InputSpec, Tensor } from "../audit/graph.js";
import { isFloating } from "../audit/signatures.js";
import { TouchstoneError } from "../errors.js";
import { cidOf } from "../models/cid.js";
import { describeData } from "../models/external-data.js";
import { sha256 } from "../models/files.js";
import { MAX_NAME, type Manifest } from "../models/manifest.js";
import type { ExternalData } from "../onnx/external.js";
import { inlineExternal } from "../onnx/inline.js";
import { createSessionHost } from "../runtime/isolated.js";
import type { RuntimeModel } from "../runtime/runtime.js";
import { calibrate, type Calibration } from "./calibrate.js";
import { huntedInputs } from "./hunt-file.js";
import type { Proposal } from "./propose.js";
import { checkSamples } from "./samples.js";
import { fewRuntimes, honestRuntimes, type LoadNative, substitutesOf } from "./settings.js";

export interface DraftRequest {
  readonly bytes: Uint8Array;
  /** The files that the model keeps weights in. */
  readonly data?: ExternalData;
  readonly name: string;
  readonly licence: string;
  /** Domain of inputs by name; f32 inputs need one, integer inputs default to their type's range. */
  readonly domains: Readonly<Record<string, { readonly lo: number; readonly hi: number }>>;
  /** Shapes of inputs that the file leaves open. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Inputs whose values belong to the model. */
  readonly bound: Readonly<Record<string, Tensor>>;
  readonly supplied: readonly (readonly Tensor[])[];
  /** File of a search for noise, whose worst inputs count as well. */
  readonly huntFile?: string | undefined;
  readonly perKind: number;
  readonly seed: number;
  /** Rounds of the search for the most deviating input. */
  readonly searchRounds: number;
  readonly onProgress?: (text: string) => void;
}

export interface Draft {
  readonly manifest: Manifest;
  readonly calibration: Calibration;
}

/** Largest binary32. */
const LARGEST = 2 ** 128 - 2 ** 104;

/** Whether an input's type has both ends of a domain: others would become other numbers, or none. */
function holds(dtype: DType, ...ends: readonly number[]): boolean {
  if (dtype === "f64") return ends.every(Number.isFinite);
  if (dtype === "f32") return ends.every((x) => Math.abs(x) <= LARGEST);
  const { low, high } = boundsOf(dtype);
  return ends.every((x) => Number.isInteger(x) && BigInt(x) >= BigInt(low) && BigInt(x) <= BigInt(high));
}

/**
 * An input with the domain that a publisher names; integers default to their type's.
 * @throws TouchstoneError `DOMAIN_MISSING`, `DOMAIN_INVALID`
 */
export function withDomain(spec: InputSpec, domains: DraftRequest["domains"]): InputSpec {
  const domain = domains[spec.name];
  if (domain === undefined) {
    if (!isFloating(spec.dtype)) return spec;
    throw new TouchstoneError(
      "DOMAIN_MISSING",
      `Input "${spec.name}" needs a domain: the range of values it may take.`,
      {
        next: `Give it, e.g. --domain ${spec.name}=0:255`,
      },
    );
  }
  if (!holds(spec.dtype, domain.lo, domain.hi)) {
    const ends = `${domain.lo}:${domain.hi}`;
    throw new TouchstoneError(
      "DOMAIN_INVALID",
      `Input "${spec.name}" holds ${spec.dtype}, which can't be all of ${ends}.`,
      {
        next: "Give ends that this type has.",
      },
    );
  }
  const toBits = (x: number): bigint => bitsOf(spec.dtype, x);
  return { ...spec, lo: toBits(domain.lo), hi: toBits(domain.hi) };
}

/** What runtimes must know of a compiled model. */
export const runtimeModelOf = (graph: AuditGraph, bytes: Uint8Array): RuntimeModel => ({
  bytes,
  inputNames: graph.inputs.map((spec) => spec.name),
  outputNames: graph.outputs.map((spec) => spec.name),
  bound: graph.bound,
});

const hexBits = (bits: bigint): string => `0x${bits.toString(16)}`;

async function manifestOf(request: DraftRequest, graph: AuditGraph, calibration: Calibration): Promise<Manifest> {
  const { bytes, data = () => undefined, name, licence } = request;
  const files = await describeData(bytes, data);
  const { profile, atol, noise } = calibration.proposal;
  return {
    format: FORMAT,
    name,
    licence,
    profile,
    file: { sha256: sha256(bytes), cid: await cidOf(bytes), bytes: bytes.length },
    ...(files.length === 0 ? {} : { data: files }),
    inputs: graph.inputs.map((spec) => ({
      name: spec.name,
      dtype: spec.dtype,
      shape: [...spec.shape],
      lo: hexBits(spec.lo),
      hi: hexBits(spec.hi),
    })),
    bound: graph.bound.map(({ name: input, tensor }) => ({
      name: input,
      dtype: tensor.dtype,
      shape: [...tensor.shape],
      data: Buffer.from(tensorBytes(tensor)).toString("base64"),
    })),
    outputs: graph.outputs.map((spec, k) => ({
      name: spec.name,
      dtype: spec.dtype,
      shape: [...spec.shape],
      atol: spec.dtype === "f32" ? (atol[k] ?? 0) : 0,
      rtol: 0,
      noise: noise[k] ?? 0,
    })),
  };
}

/** What is known of a model that no native session may serve: the audit machine answers for it, so its profile is `exact`. */
function withoutRuntimes(graph: AuditGraph, seed: number, reason: string): Calibration {
  const zeros = graph.outputs.map(() => 0);
  const proposal: Proposal = { profile: "exact", atol: zeros, noise: zeros, rooms: [], reason };
  return { seed, inputs: {}, honest: [], kinds: [], substitutes: [], proposal };
}

/** A name that no manifest takes would be noticed after all the measuring. @throws TouchstoneError `NAME_INVALID` */
function requireNaming({ name, licence }: DraftRequest): void {
  for (const [what, text] of Object.entries({ name, licence })) {
    if (text.length >= 1 && text.length <= MAX_NAME) continue;
    throw new TouchstoneError("NAME_INVALID", `A ${what} has 1 to ${MAX_NAME} characters, not ${text.length}.`, {
      next: "Give another one.",
    });
  }
}

/** A misspelt name would leave an input the whole range of its type. @throws TouchstoneError `DOMAIN_UNKNOWN` */
function requireInputs({ inputs }: AuditGraph, named: readonly string[]): void {
  const names = inputs.map(({ name }) => name);
  const unknown = named.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TouchstoneError("DOMAIN_UNKNOWN", `The model has no input "${unknown}" that could have a domain.`, {
    next: `Its inputs are ${names.join(", ") || "none"}.`,
  });
}

/**
 * Compiles a model, calibrates it and drafts its manifest. Loads about twenty runtimes, in a process of their own, and releases
 * them at the end.
 */
export async function draftManifest(request: DraftRequest): Promise<Draft> {
  const { bytes, domains, shapes, bound, supplied, perKind, searchRounds, seed, onProgress } = request;
  const { data = () => undefined } = request;
  requireNaming(request);
  const compiled = compile(bytes, { shapes, bound, externalData: data });
  requireInputs(compiled.graph, Object.keys(domains));
  const graph: AuditGraph = {
    ...compiled.graph,
    inputs: compiled.graph.inputs.map((spec) => withDomain(spec, domains)),
  };
  checkSamples(graph.inputs, supplied);
  const hazard = compiled.report.caveats.find(({ fatal }) => fatal);
  if (hazard !== undefined) {
    const calibration = withoutRuntimes(graph, seed, `${hazard.label}: ${hazard.reason}`);
    return { calibration, manifest: await manifestOf(request, graph, calibration) };
  }
  const whole = inlineExternal(bytes, data);
  const hunted = request.huntFile === undefined ? [] : huntedInputs(request.huntFile, graph, whole);
  const host = createSessionHost();
  try {
    const model = runtimeModelOf(graph, whole);
    const load: LoadNative = (each, options) => host.load(each, options);
    const honest = await honestRuntimes(model, graph, load);
    const few = await fewRuntimes(model, load);
    const substitutes = await substitutesOf(model, load);
    const calibration = await calibrate({
      graph,
      jumps: compiled.report.exactOutputs,
      honest,
      substitutes,
      supplied,
      hunted,
      perKind,
      search: { rounds: searchRounds, runtimes: few },
      seed,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    return { calibration, manifest: await manifestOf(request, graph, calibration) };
  } finally {
    // The native sessions end with their process, those of WebAssembly are garbage from here on.
    host.close();
  }
}
