import { fromHex, tensorFromBytes, toHex } from "../audit/bytes.js";
import { compile } from "../audit/compile.js";
import { CompileError } from "../audit/compile/errors.js";
import { commitGraph, contentId, modelContent, type GraphCommitment, type ModelContent } from "../audit/content.js";
import { executeFast } from "../audit/exec/fast/execute.js";
import { rowsAreIndependent } from "../audit/rows.js";
import type { AuditGraph, Tensor } from "../audit/graph.js";
import { tensorTree, type TensorTree } from "../audit/tree.js";
import { internalError, TouchstoneError } from "../errors.js";
import type { RuntimeModel } from "../runtime/runtime.js";
import type { ExternalData } from "../onnx/external.js";
import { listedData } from "./external-data.js";
import { sha256 } from "./files.js";
import type { Manifest } from "./manifest.js";

/** A model that was compiled from its file and manifest, ready to publish, serve, watch or dispute. */
export interface PreparedModel {
  readonly manifest: Manifest;
  readonly graph: AuditGraph;
  readonly commitment: GraphCommitment;
  readonly content: ModelContent;
  /** 0x and 64 digits. */
  readonly contentId: string;
  /** Tolerance of every output, binary32 bits. */
  readonly tolerances: readonly { readonly atol: bigint; readonly rtol: bigint }[];
  /** What the production runtime needs. */
  readonly runtime: RuntimeModel;
  /** Trees of the weights, in order. */
  readonly weightTrees: readonly TensorTree[];
  /** Whether `count` requests, stacked along the first axis, are answered each as it is alone (`src/audit/rows.ts`). */
  stacks(count: number): boolean;
  /** Encoding of a node and its range proof under the graph root. */
  node(index: number): { encoding: string; proof: string[] };
  /** Runs the audit machine and returns the results of all nodes. */
  audit(inputs: readonly Tensor[]): Tensor[];
}

/** Where a model keeps weights in files beside it: those files, and the path of the ONNX file for a runtime. */
export interface ModelPlace {
  readonly data?: ExternalData;
  readonly path?: string | undefined;
}

/** Bits of the binary32 nearest to a number. */
export function bitsOf(x: number): number {
  return new Uint32Array(Float32Array.of(x).buffer)[0] ?? 0;
}

/**
 * Compiles a model and fixes what the manifest says about it.
 *
 * @throws CompileError where the audit machine cannot express the model, TouchstoneError `MANIFEST_FOREIGN` where the
 * manifest belongs to another file.
 */
export function prepareModel(
  bytes: Uint8Array,
  manifest: Manifest,
  { data = () => undefined, path }: ModelPlace = {},
): PreparedModel {
  if (sha256(bytes) !== manifest.file.sha256) {
    throw new TouchstoneError("MANIFEST_FOREIGN", "The manifest belongs to another ONNX file.", {
      next: "Use the manifest that was published with this file.",
    });
  }
  const bound = manifest.bound.map(({ name, dtype, shape, data }) => ({
    name,
    tensor: tensorFromBytes(new Uint8Array(Buffer.from(data, "base64")), dtype, shape),
  }));
  const compileFor = (count: number): ReturnType<typeof compile> =>
    compile(bytes, {
      shapes: Object.fromEntries(
        manifest.inputs.map(({ name, shape: [first, ...rest] }) => [
          name,
          first === undefined ? [] : [count * first, ...rest],
        ]),
      ),
      bound: Object.fromEntries(bound.map(({ name, tensor }) => [name, tensor])),
      externalData: listedData(manifest, data),
    });
  const { graph: compiled, report } = compileFor(1);
  if (manifest.profile === "tolerant" && report.exactOutputs.length > 0) {
    throw new TouchstoneError(
      "PROFILE_UNSOUND",
      `No tolerance is sound for ${report.exactOutputs.join(", ")}: a jump upstream depends on rounded values.`,
      { next: 'Publish with profile "exact" and zero tolerances.' },
    );
  }
  const domains = new Map(manifest.inputs.map((input) => [input.name, input]));
  const graph: AuditGraph = {
    ...compiled,
    inputs: compiled.inputs.map((spec) => {
      const domain = domains.get(spec.name);
      return domain === undefined ? spec : { ...spec, lo: BigInt(domain.lo), hi: BigInt(domain.hi) };
    }),
  };
  const commitment = commitGraph(graph);
  const hazard = report.caveats.find(({ fatal }) => fatal);
  const tolerances = manifest.outputs.map(({ atol, rtol }) => ({ atol: bitsOf(atol), rtol: bitsOf(rtol) }));
  const content = modelContent(graph, commitment, {
    profile: manifest.profile,
    tolerances,
    maxProofBytes: Math.max(...report.costs.map(({ bytes: size }) => size)),
    maxProofGas: Math.max(...report.costs.map(({ gas }) => gas)),
  });
  return {
    manifest,
    graph,
    commitment,
    content,
    contentId: toHex(contentId(content)),
    tolerances: tolerances.map(({ atol, rtol }) => ({ atol: BigInt(atol), rtol: BigInt(rtol) })),
    runtime: {
      bytes,
      ...(path === undefined ? {} : { path }),
      inputNames: graph.inputs.map(({ name }) => name),
      outputNames: graph.outputs.map(({ name }) => name),
      bound,
      ...(hazard === undefined ? {} : { hazard: `${hazard.label}: ${hazard.reason}` }),
    },
    weightTrees: graph.weights.map((tensor) => tensorTree(tensor)),
    stacks: (count) => {
      try {
        return rowsAreIndependent(compiled, compileFor(count).graph, count);
      } catch (thrown) {
        // Its file fixes the first axis, or something inside it does.
        if (thrown instanceof CompileError) return false;
        throw thrown;
      }
    },
    node: (index) => {
      const encoding = commitment.encodings[index];
      if (encoding === undefined) throw internalError(`there is no node ${index}`);
      return { encoding: toHex(encoding), proof: commitment.tree.prove(index, 1).map(toHex) };
    },
    audit: (inputs) => executeFast(graph, inputs),
  };
}

/** Input tensors of a claim from its bytes, in graph order. */
export function inputTensors(model: PreparedModel, bytes: readonly string[]): Tensor[] {
  return model.graph.inputs.map((spec, i) => tensorFromBytes(fromHex(bytes[i] ?? "0x"), spec.dtype, spec.shape));
}
