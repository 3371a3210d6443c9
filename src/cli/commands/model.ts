import { writeFileSync } from "node:fs";

import type { Command } from "commander";

import { toHex } from "../../audit/bytes.js";
import type { Tensor } from "../../audit/graph.js";
import type { Calibration } from "../../calibrate/calibrate.js";
import { draftManifest } from "../../calibrate/draft.js";
import { parseManifest, type Manifest } from "../../models/manifest.js";
import { prepareModel } from "../../models/prepared.js";
import { publishModel } from "../../models/publish.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { byName, collect, id, integer, type Named, named, range, shape } from "../parse.js";
import { readFile, readTensorFile } from "../tensors.js";
import { inspectCommand } from "./inspect.js";

const readManifest = (path: string): Manifest => parseManifest(new TextDecoder().decode(readFile(path)));

function showCalibration({ honest, substitutes, proposal, seed, inputs }: Calibration): string {
  const row = (kind: string, { label, largest, median }: (typeof honest)[number]): string[] => [
    kind,
    label,
    ...largest.map((x, k) => `${x.toPrecision(3)} (median ${(median[k] ?? 0).toPrecision(3)})`),
  ];
  const rows = [
    ["", "", "largest |answer - audit| per output"],
    ...honest.map((distance) => row("honest", distance)),
    ...substitutes.map((distance) => row("cheaper", distance)),
  ];
  const verdict =
    proposal.profile === "exact"
      ? `no tolerance fits, profile exact: ${proposal.reason ?? ""}`
      : `profile tolerant, atol ${proposal.atol.join(", ")}, noise level ${proposal.noise.map((x) => x.toPrecision(2)).join(", ")} of it`;
  return `${table(rows)}\n${inputs} inputs, seed ${seed}\n${verdict}`;
}

interface CalibrateFlags {
  readonly name: string;
  readonly licence: string;
  readonly out: string;
  readonly domain: Named<{ lo: number; hi: number }>[];
  readonly shape: Named<number[]>[];
  readonly bind: Named<Tensor>[];
  readonly sample: string[];
  readonly perKind: number;
  readonly seed: number;
}

export function modelCommands(program: Command, context: () => Context): void {
  const model = program.command("model").description("inspect, compile, calibrate and publish models");

  inspectCommand(model, context);

  model
    .command("calibrate <onnx>")
    .description("measure honest noise and cheap substitutes, propose a tolerance, write the manifest")
    .requiredOption("--name <text>", "name of the model")
    .requiredOption("--licence <spdx>", "licence of the model")
    .requiredOption("--out <file>", "where to write the manifest")
    .option("--domain <name=lo:hi>", "range of an input's values; repeatable", named(range), [])
    .option("--shape <name=AxBxC>", "shape of an input that the file leaves open; repeatable", named(shape), [])
    .option(
      "--bind <name=file.pb>",
      "fix an input's value, which then belongs to the model; repeatable",
      named(readTensorFile),
      [],
    )
    .option("--sample <file.pb>", "a real input, one file for each model input in order; repeatable", collect, [])
    .option("--per-kind <n>", "generated inputs of each kind", integer, 20)
    .option("--seed <n>", "seed of the generated inputs", integer, 1)
    .addHelpText(
      "after",
      "\nExample:\n  npx touchstone model calibrate digits.onnx --name digits --licence MIT --domain Input3=0:255 --out digits.json",
    )
    .action(async (file: string, flags: CalibrateFlags) => {
      const { io } = context();
      const bytes = readFile(file);
      const { manifest, calibration } = await draftManifest({
        bytes,
        name: flags.name,
        licence: flags.licence,
        domains: byName(flags.domain),
        shapes: byName(flags.shape),
        bound: byName(flags.bind),
        supplied: flags.sample.map((path) => [readTensorFile(path)]),
        perKind: flags.perKind,
        seed: flags.seed,
        onProgress: (done, total) => io.progress(`calibrating ${done}/${total}`),
      });
      writeFileSync(flags.out, `${JSON.stringify(manifest, null, 2)}\n`);
      io.progress("");
      io.result({ manifest: flags.out, calibration }, () => `${showCalibration(calibration)}\nwrote ${flags.out}`);
    });

  model
    .command("compile <onnx> <manifest>")
    .description("compile a model to its content id, without a chain")
    .action((file: string, manifestFile: string) => {
      const prepared = prepareModel(readFile(file), readManifest(manifestFile));
      const { content, contentId } = prepared;
      const { nodeCount, maxProofBytes, maxProofGas, depth } = content;
      context().io.result(
        { contentId, graphRoot: toHex(content.graphRoot), nodeCount, maxProofBytes, maxProofGas, depth },
        (r) => table(Object.entries(r).map(([key, value]) => [key, String(value)])),
      );
    });

  model
    .command("publish <onnx> <manifest>")
    .description("register a model version and put its file into the local store")
    .option("--parent <modelId>", "the version that this one succeeds", id, `0x${"0".repeat(64)}`)
    .option("--uri <uri>", "where others find the file", "")
    .addHelpText("after", "\nExample:\n  npx touchstone model publish digits.onnx digits.json")
    .action(async (file: string, manifestFile: string, flags: { parent: string; uri: string }) => {
      const ctx = context();
      const bytes = readFile(file);
      const manifest = readManifest(manifestFile);
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { parent, uri } = flags;
      const published = await publishModel({ suite, sender, files: ctx.files }, { bytes, manifest, parent, uri });
      const { modelId, contentId, receipt } = published;
      if (receipt === undefined) {
        ctx.io.result({ modelId, already: true }, () => `${modelId} is registered already`);
        return;
      }
      ctx.io.result(
        { modelId, contentId, gas: receipt.gasUsed, transaction: receipt.hash },
        (r) => `published ${modelId}\n  content ${r.contentId}\n  gas ${r.gas}`,
      );
    });

  model
    .command("verify")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("recompile a model from the local file and compare it with its registration")
    .action(async (modelId: string) => {
      const ctx = context();
      const prepared = await (await ctx.catalogue()).get(id(modelId));
      ctx.io.result(
        { modelId, contentId: prepared.contentId, verified: true },
        () => `${modelId} is what its file compiles to`,
      );
    });
}
