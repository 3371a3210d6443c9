import { fileURLToPath } from "node:url";

import { internalError } from "../../src/errors.js";

/** What is used of the compiler's interface. */
interface Compiler {
  main(
    args: readonly string[],
    options: {
      readonly stderr: { write(text: unknown): void };
      readonly writeFile: (file: string, contents: unknown) => void;
    },
  ): Promise<{ readonly error: Error | null }>;
}

// Not by name: the compiler's own types declare the globals of its language and so change JavaScript's (`Array.at`) in every file.
const COMPILER: string = "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = ["--optimizeLevel", "3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort="];

/**
 * Compiles AssemblyScript to WebAssembly. The same sources give the same bytes: the compiler is an exact dependency, and no path or
 * date goes into a module.
 *
 * @param source path from the repository's root
 */
export async function compileAssembly(source: string, features: readonly string[] = []): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  let messages = "";
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const { error } = await asc.main([source, ...OPTIONS, ...features, "--outFile", "kernel.wasm", "--baseDir", ROOT], {
    stderr: { write: (text) => (messages += String(text)) },
    writeFile: (file, contents) => {
      if (file.endsWith(".wasm")) binary = contents as Uint8Array;
    },
  });
  if (error !== null || binary === undefined) throw internalError(`${source} does not compile: ${messages}`);
  return binary;
}
