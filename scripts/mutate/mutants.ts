import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";

import { type Edit, editsAt, guardedRevert, type Kind } from "./operators.js";
import { parse, type SyntaxNode, walk } from "./syntax.js";

/** Folders of `contracts/` whose tests mutation judges. */
export const FOLDERS = ["staking", "jobs", "receipts", "challenges", "libraries", "audit"] as const;

/** One fault in one source. */
export interface Mutant extends Edit {
  /** Stable while the source is. */
  readonly id: string;
  readonly file: string;
  /** Below `contracts/`. */
  readonly folder: string;
  readonly line: number;
  /** The changed lines, as they are and as the fault leaves them. */
  readonly before: string;
  readonly after: string;
  /** Whether the source moves stakes or bonds. */
  readonly money: boolean;
}

/** Not on a path of money: hashes of traces, and what operators publish about themselves. */
const NO_MONEY = /\/(TraceVerifier|OperatorProfiles)\.sol$/;
const MONEY = /^contracts\/(challenges|staking)\/|^contracts\/libraries\/(LockSplit|SlashSplit|PoolShares)\.sol$/;

export function coreSources(): Map<string, string> {
  const files = FOLDERS.flatMap((folder) => globSync(`contracts/${folder}/**/*.sol`)).map((file) =>
    file.replaceAll("\\", "/"),
  );
  return new Map(files.sort().map((file) => [file, readFileSync(file, "utf8")]));
}

/** Every mutant of some sources, in the order of their text. */
export function findMutants(sources: ReadonlyMap<string, string>): Mutant[] {
  return [...parse(sources)].flatMap(([file, tree]) => mutantsOf(file, Buffer.from(sources.get(file)!), tree));
}

/** The source with a mutant's fault in it. */
export function mutate(source: Buffer, { start, end, replacement }: Edit): Buffer {
  return Buffer.concat([source.subarray(0, start), Buffer.from(replacement), source.subarray(end)]);
}

function mutantsOf(file: string, source: Buffer, tree: SyntaxNode): Mutant[] {
  const nodes = [...walk(tree)];
  const guarded = new Set(nodes.map(guardedRevert));
  const edits = nodes.filter((node) => !guarded.has(node)).flatMap((node) => editsAt(node, source));
  // A refusal's arguments lie in nodes of their own, so they are found all the same.
  return edits
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map((edit) => {
      const from = source.lastIndexOf("\n", edit.start - 1) + 1;
      const lineEnd = source.indexOf("\n", edit.end);
      const to = lineEnd < 0 ? source.length : lineEnd;
      const within = { ...edit, start: edit.start - from, end: edit.end - from };
      const lines = source.subarray(from, to);
      return {
        ...edit,
        id: identify(file, edit),
        file,
        folder: file.split("/")[1]!,
        line: source.subarray(0, edit.start).toString("latin1").split("\n").length,
        before: oneLine(lines),
        after: oneLine(mutate(lines, within)),
        money: MONEY.test(file) && !NO_MONEY.test(file),
      };
    });
}

const oneLine = (text: Buffer): string => text.toString("utf8").replace(/\s+/g, " ").trim();

function identify(file: string, { start, end, kind, replacement }: { kind: Kind } & Edit): string {
  return createHash("sha256")
    .update(JSON.stringify([file, start, end, kind, replacement]))
    .digest("hex")
    .slice(0, 12);
}
