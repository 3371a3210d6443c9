import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { Wallet } from "ethers";

import { compile } from "../../src/audit/compile.js";
import type { Sender } from "../../src/chain/sender.js";
import { tolerantSend } from "../../src/dispute/protocol.js";
import { TouchstoneError } from "../../src/errors.js";
import { externalDataIn } from "../../src/models/external-data.js";
import { createModelFiles } from "../../src/models/files.js";
import { prepareModel } from "../../src/models/prepared.js";
import { DEFAULT_LIMITS } from "../../src/onnx/limits.js";
import { readModel } from "../../src/onnx/model.js";
import { auditAnswer } from "../../src/worker/answer.js";
import { digitModel } from "../support/digits.js";
import { info, model, node } from "../support/onnx-model.js";
import { served } from "../support/served.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function codeOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (thrown) {
    return (thrown as { code: string }).code;
  }
}

/* Numbers 83, 84, 85, 87 and 89 are tested where their parts are: grep -rnE '(83|84|85|87|89): ' test */
describe("attacks off-chain", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-offchain-"));
  after(() => rmSync(folder, { recursive: true }));

  it("81: a cyclic, a cut and an oversize file are refused by name", () => {
    const cyclic = model({
      inputs: [info("x", "f32", [2])],
      outputs: ["y"],
      nodes: [node("Add", ["x", "z"], ["y"]), node("Relu", ["y"], ["z"])],
    });
    expect(codeOf(() => compile(cyclic))).to.equal("COMPILE_MALFORMED");
    const whole = model({ inputs: [info("x", "f32", [2])], outputs: ["y"], nodes: [node("Relu", ["x"], ["y"])] });
    expect(codeOf(() => compile(whole))).to.equal("none");
    expect(codeOf(() => readModel(whole.slice(0, -3)))).to.match(/^ONNX_/);
    expect(codeOf(() => readModel(whole, { ...DEFAULT_LIMITS, fileBytes: whole.length - 1 }))).to.match(/^ONNX_/);
    expect(codeOf(() => readModel(whole, { ...DEFAULT_LIMITS, fileBytes: whole.length }))).to.equal("none");
  });

  it("81: no weights are read from outside the model's folder, by a path or by a link", () => {
    const inside = join(folder, "model");
    mkdirSync(inside);
    writeFileSync(join(folder, "secret"), "key");
    writeFileSync(join(inside, "weights"), "data");
    symlinkSync(join(folder, "secret"), join(inside, "link"));
    const read = externalDataIn(inside);
    for (const location of ["../secret", join(folder, "secret"), "link", ".", "weights/../../secret"]) {
      expect(read(location), location).to.equal(undefined);
    }
    expect(Buffer.from(read("weights")!).toString()).to.equal("data");
  });

  it("82: a file that is swapped after registration is not served, from the store or with its manifest", () => {
    const { model: known } = digitModel();
    const { bytes } = known.runtime;
    const swapped = bytes.slice();
    swapped[swapped.length - 5]! ^= 1;
    expect(codeOf(() => prepareModel(swapped, known.manifest))).to.equal("MANIFEST_FOREIGN");
    const files = createModelFiles(join(folder, "models"));
    const modelId = `0x${"12".repeat(32)}`;
    files.save({ modelId, bytes, manifest: known.manifest });
    const hash = known.manifest.file.sha256;
    expect(files.load({ hash, modelId }).bytes).to.deep.equal(bytes);
    const [stored] = readdirSync(folder, { recursive: true }).filter((path) => String(path).endsWith("model.onnx"));
    writeFileSync(join(folder, String(stored)), swapped);
    expect(codeOf(() => files.load({ hash, modelId }))).to.equal("MODEL_CORRUPT");
  });

  it("86: what somebody else has done already is no failure; anything else is", async () => {
    const sender = (code: string): Sender =>
      ({ send: () => Promise.reject(new TouchstoneError(code, "reverted")) }) as unknown as Sender;
    const done = ["WrongStatus", "NothingToWithdraw"];
    expect(await tolerantSend(sender("WrongStatus"), {} as never, done)).to.equal(undefined);
    const other: unknown = await tolerantSend(sender("NotOperator"), {} as never, done).catch(
      (error: unknown) => error,
    );
    expect((other as TouchstoneError).code).to.equal("NotOperator");
  });

  it("88: receipts bear the chain's time, whatever the worker's clock says", async () => {
    const { model: known, digits } = digitModel();
    const worker = served(known, (_, inputs) => Promise.resolve(auditAnswer(known, inputs)));
    const real = Date.now;
    const issued: number[] = [];
    try {
      for (const skew of [-400, 0, 400]) {
        Date.now = () => real() + skew * 86_400_000;
        const answer = await worker.server.inject({
          ...{ method: "POST", url: worker.path, headers: { "content-type": "application/json" } },
          payload: JSON.stringify(worker.request([digits[0]!.image]), (_, v: unknown) =>
            typeof v === "bigint" ? String(v) : v,
          ),
        });
        issued.push(answer.json<{ receipt: { issuedAt: number } }>().receipt.issuedAt);
      }
    } finally {
      Date.now = real;
      await worker.close();
    }
    expect(issued).to.deep.equal([1_800_000_000, 1_800_000_000, 1_800_000_000]);
  });

  it("90: neither a key nor an endpoint's secret is in any log, at the loudest level and when all fails", async () => {
    const { privateKey } = Wallet.createRandom();
    const secret = "s3cret-of-the-endpoint";
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "worker", "run"], {
      env: {
        ...{ PATH: process.env["PATH"], HOME: folder, TOUCHSTONE_HOME: folder, TOUCHSTONE_LOG_LEVEL: "trace" },
        TOUCHSTONE_RPC_URL: `http://user:${secret}@127.0.0.1:9/v2/${secret}`,
        TOUCHSTONE_RPC_OTHERS: `http://127.0.0.1:9/v3/${secret},http://127.0.0.1:9/v4/${secret}`,
        TOUCHSTONE_PRIVATE_KEY: privateKey,
      },
    });
    let text = "";
    child.stdout.on("data", (part: Buffer) => (text += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text += part.toString()));
    // It cannot even learn which chain it is on, and ends.
    await new Promise((resolve) => child.once("close", resolve));
    expect(text).to.not.equal("");
    expect(text).to.not.include(privateKey.slice(2));
    expect(text).to.not.include(secret);
  });

  it("90: what libraries quote of an endpoint's address is cut to its host, before it is printed", async () => {
    const secret = "https://user:s3cret@rpc.example/v2/s3cret?key=s3cret";
    const program = `
      import { createLogger } from "./src/log.ts";
      const log = createLogger("worker", "info", { urls: [${JSON.stringify(secret)}] });
      const err = new Error("server response 500 (info={ \\"requestUrl\\": \\"${secret}\\" })");
      log.error({ err }, err.message);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
    let text = "";
    child.stdout.on("data", (part: Buffer) => (text += part.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    expect(text).to.include("https://rpc.example");
    expect(text).to.not.include("s3cret");
  });
});
