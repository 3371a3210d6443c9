import { dirname } from "node:path";

import { type Command, Option } from "commander";
import { ZeroHash } from "ethers";

import { toHex } from "../../audit/bytes.js";
import { externalDataIn } from "../../models/external-data.js";
import { parseManifest, type Manifest } from "../../models/manifest.js";
import { prepareModel } from "../../models/prepared.js";
import { publishModel } from "../../models/publish.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { id } from "../parse.js";
import { readFile } from "../tensors.js";
import { calibrateCommand } from "./calibrate.js";
import { huntCommand } from "./hunt.js";
import { inspectCommand } from "./inspect.js";
import { pullCommand } from "./pull.js";

const readManifest = (path: string): Manifest => parseManifest(new TextDecoder().decode(readFile(path)));

export function modelCommands(program: Command, context: () => Context): void {
  const model = program.command("model").description("inspect, compile, calibrate and publish models");

  inspectCommand(model, context);

  calibrateCommand(model, context);
  huntCommand(model, context);

  model
    .command("compile <onnx> <manifest>")
    .description("compile a model to its content id, without a chain")
    .action((file: string, manifestFile: string) => {
      const prepared = prepareModel(readFile(file), readManifest(manifestFile), {
        data: externalDataIn(dirname(file)),
      });
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
    .addOption(
      new Option("--parent <modelId>", "the version that this one succeeds").argParser(id).default(ZeroHash, "none"),
    )
    .addOption(new Option("--uri <uri>", "where others find the file").default("", "none"))
    .addHelpText("after", "\nExample:\n  npx touchstone model publish digits.onnx digits.json")
    .action(async (file: string, manifestFile: string, flags: { parent: string; uri: string }) => {
      const ctx = context();
      const bytes = readFile(file);
      const manifest = readManifest(manifestFile);
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const { parent, uri } = flags;
      const published = await publishModel(
        { suite, sender, files: ctx.files },
        {
          bytes,
          manifest,
          data: externalDataIn(dirname(file)),
          parent,
          uri,
        },
      );
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

  pullCommand(model, context);

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
