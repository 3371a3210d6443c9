import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { TouchstoneError } from "../../src/errors.js";

interface Callbacks {
  readonly import: (path: string) => { contents: string };
}

const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks?: Callbacks): string;
};

export interface SolcInput {
  readonly language: string;
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Code of a contract, deployed or deploying. */
export interface Code {
  readonly object: string;
  readonly linkReferences: unknown;
  readonly immutableReferences?: unknown;
}

export interface SolcOutput {
  readonly errors?: readonly { severity: string; formattedMessage: string }[];
  readonly sources?: Readonly<Record<string, { readonly ast: SyntaxNode }>>;
  /** By source and name. */
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { readonly evm: { bytecode: Code; deployedBytecode: Code } }>>>
  >;
}

export function compileWithSolc(input: SolcInput, callbacks?: Callbacks): SolcOutput {
  return JSON.parse(solc.compile(JSON.stringify(input), callbacks)) as SolcOutput;
}

/** What each source imports, as the compiler resolves it. */
export function resolvedImports(input: SolcInput): Map<string, readonly string[]> {
  const settings = { ...input.settings, outputSelection: { "*": { "": ["ast"] } } };
  const { sources } = compileWithSolc({ ...input, settings });
  return new Map(
    Object.entries(sources!).map(([name, { ast }]) => [
      name,
      (ast["nodes"] as SyntaxNode[]).flatMap(({ nodeType, absolutePath }) =>
        nodeType === "ImportDirective" ? [absolutePath as string] : [],
      ),
    ]),
  );
}

/** A node of solc's syntax tree, with what mutation asks of it. */
export interface SyntaxNode {
  readonly nodeType: string;
  /** `start:length:file`, in bytes. */
  readonly src: string;
  readonly [key: string]: unknown;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function spanOf({ src }: SyntaxNode): Span {
  const [start, length] = src.split(":").map(Number);
  return { start: start!, end: start! + length! };
}

/** Syntax trees, with types, of Solidity sources by path; what they import is read from the clone. */
export function parse(sources: ReadonlyMap<string, string>): Map<string, SyntaxNode> {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
    settings: { evmVersion: "cancun", outputSelection: { "*": { "": ["ast"] } } },
  };
  const read = (path: string) => ({
    contents: readFileSync(path.startsWith("@") ? `node_modules/${path}` : path, "utf8"),
  });
  const output = compileWithSolc(input, { import: read });
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) {
    throw new TouchstoneError("SOURCE_BROKEN", error.formattedMessage, { next: "Correct the named file." });
  }
  return new Map([...sources.keys()].map((path) => [path, output.sources![path]!.ast]));
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && "nodeType" in value;

/** All nodes below one, itself included, in the tree's order. Assembly is a tree below its statement. */
export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) yield* walk(child);
  }
}
