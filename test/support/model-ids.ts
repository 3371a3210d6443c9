import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { toHex } from "../../src/audit/bytes.js";
import { CompileError } from "../../src/audit/compile/errors.js";
import { commitGraph, contentId, modelContent } from "../../src/audit/content.js";
import { type Case, compileCase, listCases, loadCase } from "../../src/conformance/cases.js";
import { OnnxError } from "../../src/onnx/errors.js";

/** What the compiler makes of a model file: its ids, or why it refuses it. */
export type ModelId = {
  readonly name: string;
  /** Of the ONNX file. */
  readonly sha256: string;
} & (
  | {
      readonly nodes: number;
      readonly graphRoot: string;
      readonly weightsRoot: string;
      /** With the profile `exact`, whole domains and the compiler's bounds. */
      readonly contentId: string;
    }
  | { readonly refused: string }
);

/** The models under a folder: one folder each, or lone files. */
export function modelsIn(root: string): Case[] {
  const files = readdirSync(root).filter((name) => name.endsWith(".onnx"));
  const lone = files.map((file) => ({ name: file.replace(/\.onnx$/, ""), folder: root, file, set: undefined }));
  // One data set tells the shapes as well as another.
  const seen = new Set<string>();
  return [...lone, ...listCases(root)].filter(({ folder, file }) => {
    const path = join(folder, file);
    if (seen.has(path)) return false;
    seen.add(path);
    return true;
  });
}

export function modelId(each: Case): ModelId {
  const file = readFileSync(join(each.folder, each.file));
  const head = {
    name: each.name.split("/")[0]!,
    sha256: `0x${createHash("sha256").update(file).digest("hex")}`,
  };
  try {
    const { graph, report } = compileCase(each, loadCase(each));
    const commitment = commitGraph(graph);
    const content = modelContent(graph, commitment, {
      profile: "exact",
      tolerances: graph.outputs.map(() => ({ atol: 0, rtol: 0 })),
      maxProofBytes: Math.max(...report.costs.map(({ bytes }) => bytes)),
      maxProofGas: Math.max(...report.costs.map(({ gas }) => gas)),
    });
    const { nodeCount, graphRoot, weightsRoot } = content;
    return {
      ...head,
      nodes: nodeCount,
      graphRoot: toHex(graphRoot),
      weightsRoot: toHex(weightsRoot),
      contentId: toHex(contentId(content)),
    };
  } catch (error) {
    if (error instanceof CompileError || error instanceof OnnxError) return { ...head, refused: error.code };
    throw error;
  }
}

/** Models that are part of the repository, and those beside it. */
export const COMMITTED = ["assets/models", "test/assets/conformance/models"] as const;
export const BESIDE = ["models", "light"] as const;

/** Ids of all models in the folders that exist, by name; a model that is in several of them counts once. */
export function modelIds(roots: readonly string[]): ModelId[] {
  const ids = new Map<string, ModelId>();
  for (const root of roots.filter(existsSync)) {
    for (const each of modelsIn(root)) {
      const name = each.name.split("/")[0]!;
      if (!ids.has(name)) ids.set(name, modelId(each));
    }
  }
  return [...ids.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
