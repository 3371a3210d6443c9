import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { create } from "@bufbuild/protobuf";
import { expect } from "chai";

import { FORMAT } from "../../src/audit/content.js";
import { compile } from "../../src/audit/compile.js";
import type { InputSpec, Tensor } from "../../src/audit/graph.js";
import { requestJob } from "../../src/client/request.js";

import { createCatalogue } from "../../src/models/catalogue.js";
import { cidOf } from "../../src/models/cid.js";
import { describeData, externalDataIn } from "../../src/models/external-data.js";
import { sha256 } from "../../src/models/files.js";
import type { Manifest } from "../../src/models/manifest.js";
import { publishModel } from "../../src/models/publish.js";
import { StringStringEntryProtoSchema, TensorProtoSchema } from "../../src/onnx/gen/onnx_pb.js";
import { createChildren, type Children } from "../../src/sim/driver/children.js";
import { joinOperator, openOffer, TERMS, type Operator } from "../../src/sim/driver/operators.js";

import { createWorld, type World } from "../../src/sim/driver/world.js";
import { DEFAULT_RUNTIME, watcherArgs, workerArgs } from "../../src/sim/driver/processes.js";
import { f32, info, model, node } from "../support/onnx-model.js";

/** The rest of what a role logs with an event. */
interface Line {
  readonly event?: string;
  readonly err?: { readonly code?: string };
}

/** i32 quotient of two inputs: one pair of them ends the process of a native session. */
const QUOTIENT = model({
  inputs: [info("a", "i32", [2]), info("b", "i32", [2])],
  outputs: ["y"],
  nodes: [node("Div", ["a", "b"], ["y"])],
});

/** A product with weights from a file in a folder of its own, and a bias from another one. */
function withDataFiles(folder: string): Uint8Array {
  const file = (location: string, values: readonly number[]) => {
    mkdirSync(dirname(join(folder, location)), { recursive: true });
    writeFileSync(join(folder, location), new Uint8Array(Float32Array.from(values).buffer));
    const externalData = [create(StringStringEntryProtoSchema, { key: "location", value: location })];
    return create(TensorProtoSchema, { dims: [BigInt(values.length)], dataType: 1, dataLocation: 1, externalData });
  };
  return model({
    inputs: [info("x", "f32", [2])],
    outputs: ["y"],
    nodes: [node("Mul", ["x", "w"], ["p"]), node("Add", ["p", "b"], ["y"])],
    weights: { w: file("weights/w.bin", [3, 0.5]), b: file("b.bin", [1, -1]) },
  });
}

async function manifestOf(
  bytes: Uint8Array,
  folder: string,
  domain: (spec: InputSpec) => [bigint, bigint],
): Promise<Manifest> {
  const externalData = externalDataIn(folder);
  const { graph } = compile(bytes, { externalData });
  const data = await describeData(bytes, externalData);
  return {
    ...{ format: FORMAT, name: "roles", licence: "MIT", profile: "tolerant", bound: [] },
    file: { sha256: sha256(bytes), cid: await cidOf(bytes), bytes: bytes.length },
    ...(data.length === 0 ? {} : { data }),
    inputs: graph.inputs.map((spec) => {
      const [lo, hi] = domain(spec).map((bits) => `0x${bits.toString(16)}`) as [string, string];
      return { name: spec.name, dtype: spec.dtype, shape: [...spec.shape], lo, hi };
    }),
    outputs: graph.outputs.map(({ name, dtype, shape }) => ({
      ...{ name, dtype, shape: [...shape] },
      ...{ atol: dtype === "f32" ? 1e-4 : 0, rtol: 0, noise: 0.01 },
    })),
  };
}

describe("worker and watcher, as processes", function () {
  this.timeout(180_000);
  let folder: string;
  let children: Children;
  let world: World;
  let operator: Operator;
  const lines: Record<"worker" | "watcher", Line[]> = { worker: [], watcher: [] };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-roles-"));
    children = createChildren(join(folder, "logs"));
    world = await createWorld({
      ...{ children, home: join(folder, "home"), seed: 1, pollMs: 100 },
      onWorld: () => undefined,
      onStep: () => undefined,
    });
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  async function publish(bytes: Uint8Array, manifest: Manifest, at: string): Promise<string> {
    const sender = world.sender(await world.actors.get("publisher"));
    const publication = { bytes, manifest, data: externalDataIn(at), parent: `0x${"0".repeat(64)}`, uri: "" };
    return (await publishModel({ suite: world.suite, sender, files: world.files }, publication)).modelId;
  }

  /** Output bytes of a job once worker and watcher have nothing left to do. */
  async function answerTo(modelId: string, inputs: readonly Tensor[]): Promise<string> {
    const { suite, actors, clock } = world;
    const sender = world.sender(await actors.get("consumer"));
    const request = { modelId, operator: operator.owner.address, inputs, lock: TERMS.lock, within: TERMS.duration };
    const { jobId } = await requestJob({ suite, sender }, request);
    await clock.settle();
    const [answered] = await suite.jobs.queryFilter(suite.jobs.filters.JobAnswered(jobId));
    return answered!.args.outputs[0]!;
  }

  it("answer and check natively what is safe, and by the audit machine what could end them", async () => {
    const whole = (): [bigint, bigint] => [0x80000000n, 0x7fffffffn];
    const quotient = await publish(QUOTIENT, await manifestOf(QUOTIENT, folder, whole), folder);
    const at = join(folder, "publisher");
    const product = withDataFiles(at);
    const small = (): [bigint, bigint] => [0xc1200000n, 0x41200000n];
    const multiplied = await publish(product, await manifestOf(product, at, small), at);
    // The publisher's own files are not needed any more: the store has them.
    rmSync(at, { recursive: true });

    operator = await joinOperator(world, "ada", quotient);
    await openOffer(world, operator.owner, multiplied);
    const start = async (role: "worker" | "watcher", args: string[]) =>
      world.startRole({
        ...{ name: role, args, actor: role === "worker" ? operator.worker : await world.actors.get(role) },
        onEvent: (line) => lines[role].push(line as Line),
      });
    const roles = [await start("worker", workerArgs(DEFAULT_RUNTIME)), await start("watcher", watcherArgs())];
    await world.clock.settle();

    const i32 = (...values: number[]): Tensor => ({ dtype: "i32", shape: [2], data: Int32Array.from(values) });
    expect(await answerTo(quotient, [i32(-(2 ** 31), 7), i32(-1, 0)])).to.equal("0x8000000000000000");
    expect(await answerTo(multiplied, [f32([2, -4])])).to.equal("0x40e00000c0400000");

    for (const role of roles) {
      expect(role.failure(), role.name).to.equal(undefined);
      expect(role.errors(), role.name).to.deep.equal([]);
    }
    // Each role says once that it does not run the quotient natively, and nothing of the kind about the product.
    for (const role of ["worker", "watcher"] as const) {
      const refused = lines[role].filter(({ event }) => event === "native-refused");
      expect(
        refused.map(({ err }) => err?.code),
        role,
      ).to.deep.equal(["RUNTIME_HAZARD"]);
    }
    expect(lines.watcher.filter(({ event }) => event === "checked").length).to.equal(2);
  });

  it("take a model with a data file that was changed for what it is: another one", async () => {
    const { suite, files } = world;
    const bytes = withDataFiles(join(folder, "other"));
    const small = (): [bigint, bigint] => [0xc1200000n, 0x41200000n];
    const modelId = await publish(bytes, await manifestOf(bytes, join(folder, "other"), small), join(folder, "other"));
    const { path } = files.load({ hash: sha256(bytes), modelId });
    const stored = files.load({ hash: sha256(bytes), modelId }).manifest.data!;
    expect(stored.map(({ location }) => location)).to.deep.equal(["b.bin", "weights/w.bin"]);
    expect(path).to.match(/model\.onnx$/);
    const place = join(folder, "home", "models", stored[0]!.sha256.slice(2), "data");
    writeFileSync(place, new Uint8Array(8));
    let code: unknown;
    await createCatalogue(suite, files)
      .get(modelId)
      .catch((error: unknown) => (code = (error as { code: string }).code));
    expect(code).to.equal("MODEL_CORRUPT");
  });
});
