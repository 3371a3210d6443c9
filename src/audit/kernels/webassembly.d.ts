/** What src/audit uses of the engine's WebAssembly interface: TypeScript declares it in its DOM library only. */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;

  interface Module {
    readonly [Symbol.toStringTag]: "WebAssembly.Module";
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;

  class Instance {
    constructor(module: Module);
    readonly exports: Exports;
  }

  class Memory {
    readonly buffer: ArrayBuffer;
    /** Adds pages of 64 KiB. */
    grow(pages: number): number;
  }

  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}
