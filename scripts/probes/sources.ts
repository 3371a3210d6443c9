import { globSync, readFileSync } from "node:fs";

import { parse, type SyntaxNode } from "../mutate/syntax.js";
import { instrument, type Point } from "./instrument.js";

/** Not on the way to a chain, or only for testnets. */
const LEFT_OUT = /^contracts\/(mocks|examples|token|interfaces)\//;

/** The contracts whose coverage counts, and where probes stand in them. */
export interface Probed {
  readonly trees: ReadonlyMap<string, SyntaxNode>;
  readonly points: readonly Point[];
  /** The sources with probes. */
  readonly sources: ReadonlyMap<string, Buffer>;
}

export function probeContracts(): Probed {
  const files = globSync("contracts/**/*.sol").map((file) => file.replaceAll("\\", "/"));
  const counted = files.filter((file) => !LEFT_OUT.test(file)).sort();
  const trees = parse(new Map(counted.map((file) => [file, readFileSync(file, "utf8")])));
  const points: Point[] = [];
  const sources = new Map<string, Buffer>();
  for (const [file, tree] of trees) sources.set(file, instrument(file, readFileSync(file), tree, points));
  return { trees, points, sources };
}
