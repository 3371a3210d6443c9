import { readFileSync, realpathSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

import type { ExternalData } from "../onnx/external.js";

/**
 * Opens files that a model keeps its weights in. Only regular files inside the model's folder are read, links followed: a
 * model from elsewhere must not bring files of this machine into its weights. Each file is read once.
 */
export function externalDataIn(folder: string): ExternalData {
  const files = new Map<string, Uint8Array | undefined>();
  return (location) => {
    if (!files.has(location)) files.set(location, readInside(folder, location));
    return files.get(location);
  };
}

function readInside(folder: string, location: string): Uint8Array | undefined {
  try {
    const root = realpathSync(folder);
    const path = realpathSync(resolve(root, location));
    const inside = relative(root, path);
    if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || !statSync(path).isFile()) return undefined;
    return new Uint8Array(readFileSync(path));
  } catch {
    // Missing, unreadable or larger than memory: for the model it is not there.
    return undefined;
  }
}
