import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { TouchstoneError } from "../../src/errors.js";
import { cidOf } from "../../src/models/cid.js";
import { createModelFiles, type ModelFiles, sha256 } from "../../src/models/files.js";
import { type Expected, pullFile } from "../../src/models/pull.js";
import { type FileServer, startFileServer } from "../support/file-server.js";

const LIMIT = 4 * 1024 * 1024;
const SILENCE_MS = 2_000;

/** More than one chunk of a CID and than one packet. */
const BYTES = new Uint8Array(700_001).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
const OTHER = BYTES.map((byte, i) => (i === 650_000 ? byte ^ 1 : byte));

describe("pulling a file", function () {
  this.timeout(60_000);
  const hash = sha256(BYTES);
  let folder: string;
  let files: ModelFiles;
  let server: FileServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-pull-"));
    files = createModelFiles(folder);
    server = await startFileServer();
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const pull = (expected: Expected, ...paths: readonly string[]) =>
    pullFile(
      files,
      { kind: "model", expected, urls: paths.map((path) => new URL(path, server.url)) },
      { limit: LIMIT, silenceMs: SILENCE_MS },
    );

  async function refusal(pulling: Promise<unknown>): Promise<TouchstoneError> {
    const thrown: unknown = await pulling.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof TouchstoneError) return thrown;
    throw new Error(`no refusal but ${String(thrown)}`);
  }

  /** Where each request began. A cut may also lose bytes that were sent, but not yet read. */
  const starts = (): number[] => server.requests.map((each) => Number(/bytes=(\d+)-$/.exec(each)?.[1] ?? 0));

  const stored = (): Uint8Array => new Uint8Array(readFileSync(files.pathOf("model", hash)));

  it("stores what has the hash, tells what it is, and asks for it once", async () => {
    server.serve("/a", { bytes: BYTES });
    const pulled = await pull({ sha256: hash }, "/a");
    const from = new URL("/a", server.url).href;
    expect(pulled).to.deep.equal({ sha256: hash, cid: await cidOf(BYTES), bytes: BYTES.length, from });
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
    expect((await pull({ sha256: hash }, "/a")).from).to.equal(undefined);
    expect(server.requests).to.deep.equal(["/a"]);
  });

  it("finds a file by its CID at a gateway", async () => {
    const cid = await cidOf(BYTES);
    server.serve(`/ipfs/${cid}`, { bytes: BYTES });
    expect(await pull({ cid }, `/ipfs/${cid}`)).to.include({ sha256: hash, cid });
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  for (const [what, expected] of [
    ["SHA-256", { sha256: hash }],
    ["CID", { cid: "" }],
    ["length", { bytes: BYTES.length + 1 }],
  ] as const) {
    it(`keeps nothing of a file with another ${what}, and asks the next source`, async () => {
      const wanted = "cid" in expected ? { cid: await cidOf(BYTES) } : expected;
      server.serve("/bad", { bytes: "bytes" in expected ? BYTES : OTHER });
      const { code, message } = await refusal(pull(wanted, "/bad"));
      expect(code).to.equal("PULL_FAILED");
      expect(message).to.match(/\/bad is not what was asked for: its (sha256|cid|bytes) is/);
      expect(existsSync(files.pathOf("model", sha256(OTHER)))).to.equal(false);
      if ("bytes" in expected) return;
      server.serve("/good", { bytes: BYTES });
      expect((await pull(wanted, "/bad", "/good")).from).to.match(/\/good$/);
      expect(Buffer.compare(stored(), BYTES)).to.equal(0);
    });
  }

  it("continues where the connection was cut, as often as bytes come", async () => {
    server.serve("/a", { bytes: BYTES, cuts: [200_000, 200_000, 200_000] });
    await pull({ sha256: hash }, "/a");
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
    expect(starts()).to.have.length(4);
    for (const [i, at] of starts().slice(1).entries()) {
      expect(at).to.be.within((starts()[i] ?? 0) + 1, (starts()[i] ?? 0) + 200_000);
    }
  });

  it("continues in a later call what an earlier one began", async () => {
    server.serve("/a", { bytes: BYTES, cuts: [300_000, 0, 0, 0] });
    const { code, retryable } = await refusal(pull({ sha256: hash }, "/a"));
    expect([code, retryable]).to.deep.equal(["PULL_FAILED", true]);
    server.serve("/a", { bytes: BYTES });
    await pull({ sha256: hash }, "/a");
    expect(starts().at(-1)).to.be.within(1, 300_000);
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("continues at another source", async () => {
    server.serve("/a", { bytes: BYTES, cuts: [300_000, 0, 0, 0] });
    server.serve("/b", { bytes: BYTES });
    await pull({ sha256: hash }, "/a", "/b");
    expect(server.requests.at(-1)).to.match(/^\/b bytes=/);
    expect(starts().at(-1)).to.be.within(1, 300_000);
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("starts again where a source serves no parts", async () => {
    server.serve("/a", { bytes: BYTES, ranges: false, cuts: [300_000] });
    await pull({ sha256: hash }, "/a");
    expect(server.requests).to.have.length(3);
    expect([starts()[0], starts()[2]]).to.deep.equal([0, 0]);
    expect(starts()[1]).to.be.within(1, 300_000);
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("gives a source up that serves no parts and is always cut", async () => {
    server.serve("/a", { bytes: BYTES, ranges: false, cuts: Array.from({ length: 20 }, () => 300_000) });
    expect((await refusal(pull({ sha256: hash }, "/a"))).code).to.equal("PULL_FAILED");
    expect(server.requests.length).to.be.lessThan(10);
  });

  it("does not blame a source for what an earlier one left", async () => {
    const partial = files.partial(hash.slice(2));
    mkdirSync(dirname(partial), { recursive: true });
    writeFileSync(partial, OTHER.subarray(0, 690_000));
    server.serve("/a", { bytes: BYTES });
    await pull({ sha256: hash }, "/a");
    expect(server.requests).to.deep.equal(["/a bytes=690000-", "/a"]);
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("takes a file that is whole already without another byte", async () => {
    const partial = files.partial(hash.slice(2));
    mkdirSync(dirname(partial), { recursive: true });
    writeFileSync(partial, BYTES);
    server.serve("/a", { bytes: BYTES });
    await pull({ sha256: hash }, "/a");
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("continues nothing across calls that no hash ties together", async () => {
    server.serve("/a", { bytes: OTHER, cuts: [690_000, 0, 0, 0] });
    await refusal(pull({}, "/a"));
    server.serve("/a", { bytes: BYTES });
    expect((await pull({}, "/a")).sha256).to.equal(hash);
    expect(server.requests.at(-1)).to.equal("/a");
  });

  it("takes no more than the limit, from a source that never ends", async () => {
    server.serve("/a", { bytes: BYTES, endless: true });
    expect((await refusal(pull({}, "/a"))).message).to.contain(`longer than ${LIMIT} bytes`);
    const key = createHash("sha256").update(new URL("/a", server.url).href).digest("hex");
    expect(existsSync(files.partial(key)), "nothing is kept").to.equal(false);
  });

  it("takes a file of exactly the limit, and none of a byte more", async () => {
    server.serve("/a", { bytes: BYTES });
    const urls = [new URL("/a", server.url)];
    const within = (limit: number) =>
      pullFile(files, { kind: "model", expected: {}, urls }, { limit, silenceMs: SILENCE_MS });
    expect((await refusal(within(BYTES.length - 1))).code).to.equal("PULL_FAILED");
    expect((await within(BYTES.length)).sha256).to.equal(hash);
  });

  it("leaves a source that says nothing", async () => {
    server.serve("/mute", { bytes: BYTES, silent: true });
    server.serve("/a", { bytes: BYTES });
    const urls = ["/mute", "/a"].map((path) => new URL(path, server.url));
    await pullFile(files, { kind: "model", expected: { sha256: hash }, urls }, { limit: LIMIT, silenceMs: 100 });
    expect(Buffer.compare(stored(), BYTES)).to.equal(0);
  });

  it("says what is wrong with every source, and what to do", async () => {
    const { message, next } = await refusal(pull({ sha256: hash }, "/one", "/two"));
    expect(message).to.match(/\/one could not be fetched: status 404.*\/two could not be fetched: status 404/);
    expect(next).to.contain("--from");
  });
});
