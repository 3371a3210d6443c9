import { tensorBytes } from "../audit/bytes.js";
import { compile } from "../audit/compile.js";
import { bitsOf } from "../audit/compile/bits.js";
import { executeFast } from "../audit/exec/fast/execute.js";
import type { AuditGraph, InputSpec, Tensor } from "../audit/graph.js";
import { isFloating } from "../audit/signatures.js";
import { TouchstoneError } from "../errors.js";
import { cidOf } from "../models/cid.js";
import { sha256 } from "../models/files.js";
import type { Manifest } from "../models/manifest.js";
import { createNativeRuntime } from "../runtime/native.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { createWasmRuntime } from "../runtime/wasm.js";
import { calibrate, type Calibration, type Proposal } from "./calibrate.js";
import * as variants from "./variants.js";

export interface DraftRequest {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly licence: string;
  /** Domain of inputs by name; f32 inputs need one, integer inputs default to their type's range. */
  readonly domains: Readonly<Record<string, { readonly lo: number; readonly hi: number }>>;
  /** Shapes of inputs that the file leaves open. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Inputs whose values belong to the model. */
  readonly bound: Readonly<Record<string, Tensor>>;
  readonly supplied: readonly (readonly Tensor[])[];
  readonly perKind: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Draft {
  readonly manifest: Manifest;
  readonly calibration: Calibration;
}

function withDomain(spec: InputSpec, domains: DraftRequest["domains"]): InputSpec {
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
  const toBits = (x: number): bigint => bitsOf(spec.dtype, x);
  return { ...spec, lo: toBits(domain.lo), hi: toBits(domain.hi) };
}

/** Honest runtimes that stand for different hardware: other kernels, other orders of summation, other last bits. */
async function honestRuntimes(model: RuntimeModel): Promise<Runtime[]> {
  const settings = (["disabled", "basic", "extended", "all"] as const).flatMap((optimisation) =>
    [1, 2].map((threads) => ({ optimisation, threads })),
  );
  const native = await Promise.all(settings.map((options) => createNativeRuntime(model, options)));
  return [...native, await createWasmRuntime(model)];
}

/** The cheaper versions of a model that its runtime loads. */
async function substitutesOf(model: RuntimeModel): Promise<{ label: string; runtime: Runtime }[]> {
  const made: { label: string; runtime: Runtime }[] = [];
  const { fp16, bf16, int8, pruned } = variants;
  for (const [label, make] of Object.entries({ fp16, bf16, int8, pruned })) {
    try {
      const runtime = await createNativeRuntime({ ...model, bytes: make(model.bytes) });
      made.push({ label, runtime });
    } catch (thrown) {
      // A version that does not exist is none that anybody could serve.
      if (!(thrown instanceof TouchstoneError)) throw thrown;
    }
  }
  return made;
}

const hexBits = (bits: bigint): string => `0x${bits.toString(16)}`;

function manifestOf(request: DraftRequest, graph: AuditGraph, calibration: Calibration, cid: string): Manifest {
  const { bytes, name, licence } = request;
  const { profile, atol, noise } = calibration.proposal;
  return {
    format: 0,
    name,
    licence,
    profile,
    file: { sha256: sha256(bytes), cid, bytes: bytes.length },
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

/** Compiles a model, calibrates it and drafts its manifest. Loads about a dozen runtimes; releases them at the end. */
export async function draftManifest(request: DraftRequest): Promise<Draft> {
  const { bytes, domains, shapes, bound, supplied, perKind, seed, onProgress } = request;
  const compiled = compile(bytes, { shapes, bound });
  const graph: AuditGraph = {
    ...compiled.graph,
    inputs: compiled.graph.inputs.map((spec) => withDomain(spec, domains)),
  };
  const model: RuntimeModel = {
    bytes,
    inputNames: graph.inputs.map((spec) => spec.name),
    outputNames: graph.outputs.map((spec) => spec.name),
    bound: graph.bound,
  };
  const honest = await honestRuntimes(model);
  const substitutes = await substitutesOf(model);
  try {
    const calibration = await calibrate({
      graph,
      audit: (inputs) => executeFast(graph, inputs),
      honest,
      substitutes,
      supplied,
      perKind,
      seed,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const { exactOutputs } = compiled.report;
    if (exactOutputs.length > 0 && calibration.proposal.profile === "tolerant") {
      const zeros = graph.outputs.map(() => 0);
      const reason = `a jump upstream of ${exactOutputs.join(", ")} depends on rounded values`;
      const proposal: Proposal = { profile: "exact", atol: zeros, noise: zeros, reason };
      const exact = { ...calibration, proposal };
      return { calibration: exact, manifest: manifestOf(request, graph, exact, await cidOf(bytes)) };
    }
    return { calibration, manifest: manifestOf(request, graph, calibration, await cidOf(bytes)) };
  } finally {
    await Promise.all([...honest, ...substitutes.map(({ runtime }) => runtime)].map((runtime) => runtime.release()));
  }
}
