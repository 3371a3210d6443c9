import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createSender } from "../../src/chain/sender.js";
import type { Suite } from "../../src/chain/suite.js";
import { TouchstoneError } from "../../src/errors.js";
import { createCatalogue } from "../../src/models/catalogue.js";
import { createModelFiles, type ModelFiles } from "../../src/models/files.js";
import type { Manifest } from "../../src/models/manifest.js";
import { publishModel } from "../../src/models/publish.js";
import { pullModel, type Sources } from "../../src/models/pull.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { ROOT } from "../../src/sim/driver/children.js";
import { type FileServer, startFileServer } from "../support/file-server.js";
import { connect, type Connection, deployWithOperator } from "../support/protocol.js";
import { suiteOf } from "../support/suite.js";

const NO_PARENT = `0x${"0".repeat(64)}`;

describe("pulling a registered model", () => {
  const { bytes, manifest } = readDigitModel(ROOT);
  const hash = manifest.file.sha256.slice(2);
  let folder: string;
  let chain: Connection;
  let suite: Suite;
  let server: FileServer;
  let files: ModelFiles;
  let modelId: string;
  let stores = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-pull-"));
    server = await startFileServer();
    chain = await connect();
    suite = await suiteOf(chain, await deployWithOperator(chain));
    const sender = createSender({ provider: chain.ethers.provider, signer: chain.publisher, errors: suite.abi });
    const publisher = createModelFiles(join(folder, "publisher"));
    const uri = new URL("/models/digits.onnx", server.url).href;
    const publication = { bytes, manifest, parent: NO_PARENT, uri };
    ({ modelId } = await publishModel({ suite, sender, files: publisher }, publication));
  });

  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const sources = (change: Partial<Sources> = {}): Sources => ({
    ...{ mirrors: [], gateways: [], limit: 1024 * 1024, silenceMs: 2_000 },
    ...change,
  });
  const text = (value: Manifest): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const place = (): string => join(folder, `store ${stores}`);

  beforeEach(() => {
    stores++;
    files = createModelFiles(place());
  });

  async function expectVerified(): Promise<void> {
    const { contentId } = await createCatalogue(suite, files).get(modelId);
    expect(contentId).to.equal((await suite.registry.model(modelId)).contentId);
  }

  async function codeOf(pulling: Promise<unknown>): Promise<string> {
    const thrown: unknown = await pulling.then(
      () => undefined,
      (error: unknown) => error,
    );
    return thrown instanceof TouchstoneError ? thrown.code : String(thrown);
  }

  it("from a folder that somebody serves, as the store lays it out", async () => {
    const publisher = join(folder, "publisher", hash);
    for (const name of ["model.onnx", `${modelId}.json`]) {
      server.serve(`/mirror/${hash}/${name}`, { bytes: new Uint8Array(readFileSync(join(publisher, name))) });
    }
    const mirrors = [new URL("/mirror", server.url)];
    const pulled = await pullModel({ suite, files }, modelId, sources({ mirrors }));
    expect(pulled.files.map(({ from }) => from)).to.deep.equal([
      new URL(`/mirror/${hash}/model.onnx`, server.url).href,
    ]);
    await expectVerified();
  });

  it("from the address that its registration names, with the manifest beside it", async () => {
    server.serve("/models/digits.onnx", { bytes, cuts: [10_000] });
    server.serve("/models/digits.json", { bytes: text(manifest) });
    await pullModel({ suite, files }, modelId, sources());
    await expectVerified();
  });

  it("from an IPFS gateway, with a manifest at hand", async () => {
    server.serve("/models/digits.onnx", { bytes: bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) });
    server.serve(`/ipfs/${manifest.file.cid}`, { bytes });
    await pullModel({ suite, files }, modelId, sources({ gateways: [server.url] }), manifest);
    await expectVerified();
  });

  it("asks for a manifest anew each time", async () => {
    server.serve("/models/digits.onnx", { bytes });
    server.serve("/models/digits.json", { bytes: text({ ...manifest, name: "another" }) });
    await pullModel({ suite, files }, modelId, sources());
    server.serve("/models/digits.json", { bytes: text(manifest) });
    await pullModel({ suite, files }, modelId, sources());
    const kept = readFileSync(join(place(), hash, `${modelId}.json`), "utf8");
    expect((JSON.parse(kept) as Manifest).name).to.equal(manifest.name);
  });

  it("keeps no manifest that makes something else of the file than was registered", async () => {
    server.serve("/models/digits.onnx", { bytes });
    const loose = { ...manifest, outputs: manifest.outputs.map((output) => ({ ...output, atol: 2 * output.atol })) };
    server.serve("/models/digits.json", { bytes: text(loose) });
    expect(await codeOf(pullModel({ suite, files }, modelId, sources()))).to.equal("MODEL_MISMATCH");
    expect(existsSync(join(place(), hash, `${modelId}.json`))).to.equal(false);
    const foreign = { ...manifest, file: { ...manifest.file, sha256: NO_PARENT } };
    expect(await codeOf(pullModel({ suite, files }, modelId, sources(), foreign))).to.equal("MANIFEST_FOREIGN");
    await pullModel({ suite, files }, modelId, sources(), manifest);
    await expectVerified();
  });

  it("says what is missing, and what to do", async () => {
    server.serve("/models/digits.json", { bytes: new Uint8Array() });
    expect(await codeOf(pullModel({ suite, files }, modelId, sources()))).to.equal("MANIFEST_MISSING");
    expect(await codeOf(createCatalogue(suite, files).get(modelId))).to.equal("MODEL_MISSING");
    expect(await codeOf(pullModel({ suite, files }, NO_PARENT, sources()))).to.equal("MODEL_UNKNOWN");
  });
});
