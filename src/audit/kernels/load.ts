/*
 * WebAssembly kernels: sources in `assembly/` (AssemblyScript), compiled by scripts/generate/kernels.ts to modules in `gen/`.
 */

/** A kernel as generated: base64 of a WebAssembly module, and where it gains from relaxed SIMD, of a build that uses it. */
export interface KernelBuild {
  readonly plain: string;
  readonly relaxed?: string;
}

/**
 * The module of a kernel: the relaxed build where the engine has relaxed SIMD, unless `plain` is asked for.
 * Every engine that runs this code has fixed-width SIMD (Node 16.4, Chrome 91, Firefox 89, Safari 16.4).
 */
export function kernelModule(build: KernelBuild, which: "best" | "plain" = "best"): WebAssembly.Module {
  const relaxed = build.relaxed === undefined || which === "plain" ? undefined : bytesOf(build.relaxed);
  const isUsable = relaxed !== undefined && WebAssembly.validate(relaxed);
  return new WebAssembly.Module(isUsable ? relaxed : bytesOf(build.plain));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
