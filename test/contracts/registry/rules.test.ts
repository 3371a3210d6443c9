import { expect } from "chai";
import { ZeroHash } from "ethers";

import type {
  InputSpecStruct,
  ModelContentStruct,
  OutputSpecStruct,
  ProvenanceStruct,
} from "../../../typechain-types/registry/ModelRegistry.js";
import { DTYPE, F32, modelContent, provenance } from "../../support/models.js";
import { connect, type Connection, deployProtocol, PARAMS, type Protocol } from "../../support/protocol.js";

/** Every rule that content has to keep, on both sides of its boundary. */
describe("ModelRegistry content rules", () => {
  let chain: Connection;
  let protocol: Protocol;

  before(async () => {
    chain = await connect();
    protocol = await deployProtocol(chain);
  });

  /** Simulated, so that every case meets an empty registry. */
  const tryRegister = (content: Partial<ModelContentStruct>, from: Partial<ProvenanceStruct> = {}) =>
    protocol.registry
      .connect(chain.publisher)
      .register.staticCall(modelContent(content), provenance(from), 0, { value: PARAMS.deposit });

  const accepts = async (content: Partial<ModelContentStruct>, from: Partial<ProvenanceStruct> = {}) => {
    expect(await tryRegister(content, from)).to.match(/^0x[0-9a-f]{64}$/);
  };
  const refuses = async (content: Partial<ModelContentStruct>, error: string, args: unknown[] = []) => {
    const assertion = expect(tryRegister(content)).to.be.revertedWithCustomError(protocol.registry, error);
    await (args.length === 0 ? assertion : assertion.withArgs(...args));
  };

  const input = (change: Partial<InputSpecStruct>): Partial<ModelContentStruct> => ({
    inputs: [{ dtype: DTYPE.f32, lo: F32.zero, hi: F32.one, shape: [2], ...change }],
  });
  const output = (change: Partial<OutputSpecStruct>): Partial<ModelContentStruct> => ({
    outputs: [{ dtype: DTYPE.f32, node: 0, atol: 0, rtol: 0, shape: [2], ...change }],
  });

  it("profile: tolerant or exact", async () => {
    await refuses({ profile: 2 }, "UnknownProfile", [2]);
  });

  it("node count: 1 to 2^20", async () => {
    await refuses({ nodeCount: 0 }, "NodeCount", [0, 1 << 20]);
    await accepts({ nodeCount: 1, ...output({}) });
    await accepts({ nodeCount: 1 << 20, depth: 4 });
    await refuses({ nodeCount: (1 << 20) + 1, depth: 4 }, "NodeCount", [(1 << 20) + 1, 1 << 20]);
  });

  it("graph root: not zero", async () => {
    await refuses({ graphRoot: ZeroHash }, "EmptyGraphRoot");
  });

  it("proof limits: up to 64 KiB and 8M gas, not zero", async () => {
    await accepts({ maxProofBytes: 65_536, maxProofGas: 8_000_000 });
    await refuses({ maxProofBytes: 65_537 }, "ProofBytes", [65_537, 65_536]);
    await refuses({ maxProofBytes: 0 }, "ProofBytes", [0, 65_536]);
    await refuses({ maxProofGas: 8_000_001 }, "ProofGas", [8_000_001, 8_000_000]);
    await refuses({ maxProofGas: 0 }, "ProofGas", [0, 8_000_000]);
  });

  it("depth: at least the demands of the outputs and of a long list, at most L_MAX", async () => {
    await refuses({ depth: 0 }, "Depth", [0, 1, 8]);
    await accepts({ depth: 8 });
    await refuses({ depth: 9 }, "Depth", [9, 1, 8]);
    // Up to 2,048 roots ride along with a challenge; one more makes a list 12 deep, two demands.
    await accepts({ nodeCount: 2048, depth: 1 });
    await refuses({ nodeCount: 2049, depth: 2 }, "Depth", [2, 3, 8]);
    await accepts({ nodeCount: 2049, depth: 3 });
    // 64 floats fill a leaf: 64 need no tree, 65 one demand, 256 leaves still one, 257 leaves two.
    await accepts({ depth: 1, ...output({ shape: [64] }) });
    await refuses({ depth: 1, ...output({ shape: [65] }) }, "Depth", [1, 2, 8]);
    await accepts({ depth: 2, ...output({ shape: [256 * 64] }) });
    await refuses({ depth: 2, ...output({ shape: [256 * 64 + 1] }) }, "Depth", [2, 3, 8]);
    // The deepest of all: 2^26 leaves and 2^20 nodes.
    const deepest = output({ dtype: DTYPE.i64, shape: [2 ** 31 - 1] });
    await refuses({ nodeCount: 1 << 20, depth: 7, ...deepest }, "Depth", [7, 8, 8]);
    await accepts({ nodeCount: 1 << 20, depth: 8, ...deepest });
  });

  it("tensors: up to 64 inputs, 1 to 64 outputs", async () => {
    const inputs = Array.from({ length: 65 }, () => modelContent().inputs[1]!);
    const outputs = Array.from({ length: 65 }, () => modelContent().outputs[0]!);
    await accepts({ inputs: [] });
    await accepts({ inputs: inputs.slice(1), outputs: outputs.slice(1) });
    await refuses({ inputs }, "InputCount", [65, 64]);
    await refuses({ outputs: [] }, "OutputCount", [0, 64]);
    await refuses({ outputs }, "OutputCount", [65, 64]);
  });

  it("dtypes: the ten of the audit machine", async () => {
    const known = new Set<number>(Object.values(DTYPE));
    for (const dtype of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 255]) {
      if (known.has(dtype)) {
        await accepts(input({ dtype, lo: 0, hi: 0 }));
        await accepts(output({ dtype }));
      } else {
        await refuses(input({ dtype }), "UnknownDtype", [false, 0, dtype]);
        await refuses(output({ dtype }), "UnknownDtype", [true, 0, dtype]);
      }
    }
  });

  it("shapes: rank up to 16, no zero extent, below 2^31 elements", async () => {
    const ones = Array.from({ length: 17 }, () => 1);
    await accepts(input({ shape: [] }));
    await accepts(input({ shape: ones.slice(1) }));
    await refuses(input({ shape: ones }), "Rank", [false, 0, 17, 16]);
    await refuses(output({ shape: ones }), "Rank", [true, 0, 17, 16]);
    await refuses(input({ shape: [3, 0] }), "ZeroExtent", [false, 0, 1]);
    await refuses(output({ shape: [0, 3] }), "ZeroExtent", [true, 0, 0]);
    await accepts(input({ shape: [2 ** 31 - 1] }));
    await refuses(input({ shape: [2 ** 31] }), "TooManyElements", [false, 0, 2 ** 31 - 1]);
    await refuses(input({ shape: [65_536, 32_768] }), "TooManyElements", [false, 0, 2 ** 31 - 1]);
    // A product that would wrap round to something small.
    await refuses(input({ shape: Array.from({ length: 16 }, () => 2 ** 32 - 1) }), "TooManyElements");
    await refuses(input({ shape: Array.from({ length: 16 }, () => 65_536) }), "TooManyElements");
  });

  it("domains: finite and canonical", async () => {
    await accepts(input({ lo: F32.largest | F32.minusZero, hi: F32.largest }));
    await accepts(input({ lo: F32.minusZero, hi: F32.zero }));
    await accepts(input({ lo: F32.zero, hi: F32.minusZero }));
    for (const bits of [F32.infinity, F32.nan, 0x7f800001n, 0xff800000n, 0xffffffffn, 1n << 32n]) {
      await refuses(input({ hi: bits }), "DomainNotCanonical", [0, bits]);
      await refuses(input({ lo: bits }), "DomainNotCanonical", [0, bits]);
    }
    for (const bits of [0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff8000000000000n, 0x7ff0000000000001n]) {
      await refuses(input({ dtype: DTYPE.f64, lo: 0, hi: bits }), "DomainNotCanonical", [0, bits]);
    }
    await refuses(input({ dtype: DTYPE.bool, lo: 0, hi: 2 }), "DomainNotCanonical", [0, 2]);
    await refuses(input({ dtype: DTYPE.u8, lo: 0, hi: 256 }), "DomainNotCanonical", [0, 256]);
    // A sign extension is not the element's own bits.
    await refuses(input({ dtype: DTYPE.i8, lo: 0xffffffffffffff80n, hi: 0 }), "DomainNotCanonical");
  });

  it("domains: ordered by value", async () => {
    await refuses(input({ lo: F32.one, hi: F32.half }), "DomainNotOrdered", [0, F32.one, F32.half]);
    await refuses(input({ lo: F32.zero, hi: F32.minusOne }), "DomainNotOrdered");
    await accepts(input({ lo: F32.minusOne, hi: F32.minusOne }));
    await accepts(input({ dtype: DTYPE.i8, lo: 0x80, hi: 0x7f }));
    const [one, minusOne] = [0x3ff0000000000000n, 0xbff0000000000000n];
    await refuses(input({ dtype: DTYPE.f64, lo: one, hi: minusOne }), "DomainNotOrdered", [0, one, minusOne]);
    await refuses(input({ dtype: DTYPE.i8, lo: 0x7f, hi: 0x80 }), "DomainNotOrdered", [0, 0x7f, 0x80]);
    await accepts(input({ dtype: DTYPE.i64, lo: 1n << 63n, hi: (1n << 63n) - 1n }));
    await refuses(input({ dtype: DTYPE.u64, lo: 1n << 63n, hi: (1n << 63n) - 1n }), "DomainNotOrdered");
    await accepts(input({ dtype: DTYPE.u64, lo: 0, hi: (1n << 64n) - 1n }));
    await refuses(input({ dtype: DTYPE.bool, lo: 1, hi: 0 }), "DomainNotOrdered", [0, 1, 0]);
  });

  it("outputs: a node of the graph", async () => {
    await accepts({ nodeCount: 5, ...output({ node: 4 }) });
    await refuses({ nodeCount: 5, ...output({ node: 5 }) }, "OutputNode", [0, 5, 5]);
  });

  it("tolerances: finite, non-negative, canonical", async () => {
    await accepts(output({ atol: F32.largest, rtol: F32.largest }));
    for (const bits of [F32.infinity, F32.nan, 0x7f800001n, F32.minusZero, F32.minusOne]) {
      await refuses(output({ atol: bits }), "ToleranceNotCanonical", [0, bits, 0]);
      await refuses(output({ rtol: bits }), "ToleranceNotCanonical", [0, 0, bits]);
    }
  });

  it("tolerances: zero for exact models and for outputs that are not floats", async () => {
    await accepts({ profile: 1, ...output({}) });
    await refuses({ profile: 1, ...output({ atol: 1 }) }, "ToleranceNotZero", [0, 1, 0]);
    await refuses({ profile: 1, ...output({ rtol: 1 }) }, "ToleranceNotZero", [0, 0, 1]);
    await accepts(output({ dtype: DTYPE.i64 }));
    await refuses(output({ dtype: DTYPE.i64, atol: 1 }), "ToleranceNotZero", [0, 1, 0]);
    await refuses(output({ dtype: DTYPE.bool, rtol: 1 }), "ToleranceNotZero", [0, 0, 1]);
  });

  it("provenance: file hash and texts of bounded length", async () => {
    const cases = [
      ["name", 1, 64],
      ["licence", 1, 128],
      ["cid", 1, 128],
      ["uri", 0, 512],
    ] as const;
    for (const [field, min, max] of cases) {
      await accepts({}, { [field]: "x".repeat(min) });
      await accepts({}, { [field]: "x".repeat(max) });
      const lengths = min === 0 ? [max + 1] : [min - 1, max + 1];
      for (const length of lengths) {
        await expect(tryRegister({}, { [field]: "x".repeat(length) })).to.be.revertedWithCustomError(
          protocol.registry,
          "TextLength",
        );
      }
    }
    await expect(tryRegister({}, { sha256Hash: ZeroHash })).to.be.revertedWithCustomError(
      protocol.registry,
      "EmptyFileHash",
    );
  });
});
