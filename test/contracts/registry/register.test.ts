import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import { FORMAT } from "../../../src/audit/content.js";
import type { ModelContentStruct } from "../../../typechain-types/registry/ModelRegistry.js";
import { contentIdOf, DTYPE, F32, modelContent, modelIdOf, provenance } from "../../support/models.js";
import { connect, type Connection, deployProtocol, PARAMS, type Protocol } from "../../support/protocol.js";

describe("ModelRegistry.register", () => {
  let chain: Connection;
  let protocol: Protocol;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    protocol = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployProtocol(chain);
  }

  const register = (content: ModelContentStruct, from = provenance(), publisher = chain.publisher) =>
    protocol.registry.connect(publisher).register(content, from, 0, { value: PARAMS.deposit });

  it("keys a model by content and publisher, and emits everything", async () => {
    const { registry } = protocol;
    const content = modelContent();
    const modelId = modelIdOf(content, chain.publisher.address);
    await expect(register(content)).to.emit(registry, "ModelRegistered");
    const [event] = await registry.queryFilter(registry.filters.ModelRegistered(modelId));
    expect(event!.args.publisher).to.equal(chain.publisher.address);
    expect(event!.args.contentId).to.equal(contentIdOf(content));
    expect(event!.args.content.inputs[0]!.shape).to.deep.equal([1n, 10n, 10n]);
    expect(event!.args.provenance.cid).to.equal(provenance().cid);

    const model = await registry.model(modelId);
    expect(model.contentId).to.equal(contentIdOf(content));
    expect(model.publisher).to.equal(chain.publisher.address);
    expect(model.arbiter).to.equal(await registry.arbiterOf(FORMAT));
    expect(model.sha256Hash).to.equal(provenance().sha256Hash);
    expect([model.nodeCount, model.depth, model.profile, model.format]).to.deep.equal([5n, 1n, 0n, BigInt(FORMAT)]);
    expect([model.inputCount, model.outputCount, model.version]).to.deep.equal([2n, 1n, 1n]);
    expect([model.maxProofBytes, model.maxProofGas]).to.deep.equal([4096n, 500_000n]);
    expect(model.deposit).to.equal(PARAMS.deposit);
    expect(model.deprecatedAt).to.equal(0);
    expect(model.registeredBlock).to.equal(event!.blockNumber);
    expect(await registry.acceptsClaims(modelId)).to.equal(true);
  });

  it("stores what contracts need of the tensors", async () => {
    const { registry } = protocol;
    const content = modelContent();
    await register(content);
    const modelId = modelIdOf(content, chain.publisher.address);
    expect(await registry.inputs(modelId)).to.deep.equal([
      [1n, 100n, F32.minusOne, F32.one],
      [9n, 3n, 0n, 1n],
    ]);
    expect(await registry.input(modelId, 1)).to.deep.equal([9n, 3n, 0n, 1n]);
    expect(await registry.outputs(modelId)).to.deep.equal([[1n, 4n, 4n, 0x3a83126fn, 0n]]);
    expect(await registry.output(modelId, 0)).to.deep.equal([1n, 4n, 4n, 0x3a83126fn, 0n]);
    const [arbiter, facts] = await registry.facts(modelId);
    expect(arbiter).to.equal(await registry.arbiterOf(FORMAT));
    expect(facts).to.deep.equal([content.graphRoot, 5n, 1n, ZeroHash, ZeroHash, [100n, 3n], "0x0109"]);
  });

  it("computes the ids that are computed off-chain", async () => {
    const content = modelContent();
    const contentId = await protocol.registry.contentIdOf(content);
    expect(contentId).to.equal(contentIdOf(content));
    expect(await protocol.registry.modelIdOf(contentId, chain.stranger.address)).to.equal(
      modelIdOf(content, chain.stranger.address),
    );
  });

  it("binds every field of the content to the id", async () => {
    const base = modelContent();
    const input = base.inputs[0]!;
    const output = base.outputs[0]!;
    const variants: Partial<ModelContentStruct>[] = [
      {},
      { format: 2 },
      { graphRoot: contentIdOf(base) },
      { nodeCount: 6 },
      { weightsRoot: ZeroHash },
      { boundInputs: ZeroHash },
      { profile: 1 },
      { maxProofBytes: 4097 },
      { maxProofGas: 500_001 },
      { depth: 2 },
      { inputs: [input] },
      { inputs: [{ ...input, dtype: DTYPE.i32 }] },
      { inputs: [{ ...input, lo: 0n }] },
      { inputs: [{ ...input, hi: 0n }] },
      { inputs: [{ ...input, shape: [100] }] },
      { outputs: [{ ...output, dtype: DTYPE.i32 }] },
      { outputs: [{ ...output, node: 3 }] },
      { outputs: [{ ...output, atol: 0n }] },
      { outputs: [{ ...output, rtol: 1n }] },
      { outputs: [{ ...output, shape: [4] }] },
    ];
    const ids = await Promise.all(variants.map((change) => protocol.registry.contentIdOf(modelContent(change))));
    expect(new Set(ids).size).to.equal(variants.length);
  });

  it("refuses to register the same model twice", async () => {
    await register(modelContent());
    await expect(register(modelContent(), provenance({ name: "other" })))
      .to.be.revertedWithCustomError(protocol.registry, "AlreadyRegistered")
      .withArgs(modelIdOf(modelContent(), chain.publisher.address));
  });

  it("takes exactly the deposit", async () => {
    const { registry } = protocol;
    for (const value of [0n, PARAMS.deposit - 1n, PARAMS.deposit + 1n]) {
      await expect(registry.connect(chain.publisher).register(modelContent(), provenance(), 0, { value }))
        .to.be.revertedWithCustomError(registry, "WrongDeposit")
        .withArgs(value, PARAMS.deposit);
    }
  });

  it("counts versions per publisher and lineage", async () => {
    const { registry } = protocol;
    const ids = [1, 2, 3].map((nodeCount) =>
      modelIdOf(modelContent({ nodeCount: nodeCount + 10 }), chain.publisher.address),
    );
    await register(modelContent({ nodeCount: 11 }));
    await register(modelContent({ nodeCount: 12 }), provenance({ parent: ids[0]! }));
    // A second child of the first version is the lineage's third registration.
    await register(modelContent({ nodeCount: 13 }), provenance({ parent: ids[0]! }));
    expect((await registry.model(ids[0]!)).lineage).to.equal(ids[0]);
    for (const [i, id] of ids.entries()) {
      const model = await registry.model(id);
      expect([model.version, model.lineage]).to.deep.equal([BigInt(i + 1), ids[0]]);
    }
    // Somebody else's derived work joins the lineage and starts its own count.
    await register(modelContent({ nodeCount: 14 }), provenance({ parent: ids[1]! }), chain.stranger);
    const fork = await registry.model(modelIdOf(modelContent({ nodeCount: 14 }), chain.stranger.address));
    expect([fork.version, fork.lineage, fork.parent]).to.deep.equal([1n, ids[0], ids[1]]);
  });

  it("refuses an unknown parent", async () => {
    await expect(register(modelContent(), provenance({ parent: contentIdOf(modelContent()) })))
      .to.be.revertedWithCustomError(protocol.registry, "UnknownModel")
      .withArgs(contentIdOf(modelContent()));
  });

  it("needs a judge for the format", async () => {
    await expect(register(modelContent({ format: 2 })))
      .to.be.revertedWithCustomError(protocol.registry, "UnsupportedFormat")
      .withArgs(2);
    expect(await protocol.registry.arbiterOf(2)).to.equal(ZeroAddress);
  });

  it("leaves a format without a judge unsupported, and wants judges to be contracts", async () => {
    const { ethers } = chain;
    const params = { deposit: 0, depositDelay: 0, royaltyDelay: PARAMS.royaltyDelay };
    const { hub, manager } = protocol;
    const registry = await ethers.deployContract("ModelRegistry", [hub, [manager], params]);
    await expect(registry.register(modelContent(), provenance(), 0))
      .to.be.revertedWithCustomError(registry, "UnsupportedFormat")
      .withArgs(FORMAT);
    await registry.register(modelContent({ format: 0 }), provenance(), 0);
    await expect(ethers.deployContract("ModelRegistry", [hub, [chain.stranger], params]))
      .to.be.revertedWithCustomError(registry, "NotAContract")
      .withArgs(chain.stranger.address);
  });

  it("bounds the deposit delay", async () => {
    const deploy = (depositDelay: number) =>
      chain.ethers.deployContract("ModelRegistry", [
        protocol.hub,
        [protocol.manager],
        { deposit: 0, depositDelay, royaltyDelay: PARAMS.royaltyDelay },
      ]);
    const registry = await deploy(90 * 86_400);
    expect((await registry.parameters()).depositDelay).to.equal(90 * 86_400);
    await expect(deploy(90 * 86_400 + 1)).to.be.revertedWithCustomError(registry, "ParameterOutOfBounds");
  });
});
