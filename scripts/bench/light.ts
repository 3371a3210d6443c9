import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One run of a model that is large and has no trained weights. */
export interface LightFigures {
  readonly name: string;
  readonly nodes: number;
  readonly multiplyAdds: number;
  readonly weightBytes: number;
  readonly traceBytes: number;
  readonly root: string;
  /** Answer and trace. */
  readonly seconds: number;
  /** Bytes of the largest working set of a node. */
  readonly workingSet: number;
  /** Most bytes of the kernels' memory in use. */
  readonly kernels: number;
  /** Most bytes that the process held during the run, above what it held before it. */
  readonly memory: number;
  /** What it held before: Node, the loader of TypeScript, the compiled model and a hashing thread. */
  readonly before: number;
}

/** Runs `light/<name>.onnx` in a process of its own, so that its memory can be told. */
export function runLight(conformance: string, name: string): Promise<LightFigures> {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL("light-process.ts", import.meta.url));
    const child = fork(file, [conformance, name], { execArgv: ["--import", "tsx", "--expose-gc"] });
    child.once("message", (figures) => resolve(figures as LightFigures));
    child.once("exit", (code) => reject(new Error(`${name}: the process ended with code ${code}, without figures`)));
  });
}
