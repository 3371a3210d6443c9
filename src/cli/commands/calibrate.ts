import { dirname } from "node:path";

import type { Command } from "commander";

import type { Tensor } from "../../audit/graph.js";
import type { Calibration } from "../../calibrate/calibrate.js";
import { type Distribution, NOT_FINITE } from "../../calibrate/distribution.js";
import { draftManifest } from "../../calibrate/draft.js";
import { plotCalibration } from "../../calibrate/plot.js";
import { externalDataIn } from "../../models/external-data.js";
import { writeWhole } from "../../whole.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { requireWritable } from "../output.js";
import { byName, integer, type Named, named, range, shape } from "../parse.js";
import { readFile, readSample, readTensorFile } from "../tensors.js";

interface CalibrateFlags {
  readonly name: string;
  readonly licence: string;
  readonly out: string;
  readonly svg?: string;
  readonly domain: Named<{ lo: number; hi: number }>[];
  readonly shape: Named<number[]>[];
  readonly bind: Named<Tensor>[];
  readonly sample: Tensor[][];
  readonly perKind: number;
  readonly search: number;
  readonly hunted?: string;
  readonly seed: number;
}

const short = (x: number): string => (x >= NOT_FINITE ? "not a number" : x === 0 ? "0" : x.toPrecision(3));

function rows(kind: string, { label, outputs }: Distribution): string[][] {
  return outputs.map(([, , low = 0, , median = 0, , high = 0, , largest = 0], k) => [
    k === 0 ? kind : "",
    k === 0 ? label : "",
    String(k),
    ...[low, median, high, largest].map(short),
  ]);
}

function showCalibration({ honest, kinds, substitutes, proposal, seed, inputs }: Calibration): string {
  const cells = [
    ["distance from the exact answer", "", "output", "5%", "median", "95%", "largest"],
    ...honest.flatMap((each) => rows("honest", each)),
    ...kinds.flatMap((each) => rows("honest, by input", each)),
    ...substitutes.flatMap((each) => rows("cheaper", each)),
  ];
  const counts = Object.entries(inputs).map(([kind, count]) => `${count} ${kind}`);
  const verdict =
    proposal.profile === "exact"
      ? `no tolerance fits, profile exact: ${proposal.reason ?? ""}`
      : `profile tolerant, atol ${proposal.atol.join(", ")}, noise level ${proposal.noise.map((x) => x.toPrecision(2)).join(", ")} of it`;
  return `${table(cells)}\ninputs: ${counts.join(", ")}; seed ${seed}\n${verdict}`;
}

export function calibrateCommand(model: Command, context: () => Context): void {
  model
    .command("calibrate <onnx>")
    .description("measure honest noise and cheap substitutes, propose a tolerance, write the manifest")
    .requiredOption("--name <text>", "name of the model")
    .requiredOption("--licence <spdx>", "licence of the model")
    .requiredOption("--out <file>", "where to write the manifest")
    .option("--svg <file>", "draw the distributions into this file")
    .option("--domain <name=lo:hi>", "range of an input's values; repeatable", named(range), [])
    .option("--shape <name=AxBxC>", "shape of an input that the file leaves open; repeatable", named(shape), [])
    .option(
      "--bind <name=file.pb>",
      "fix an input's value, which then belongs to the model; repeatable",
      named(readTensorFile),
      [],
    )
    .option("--sample <a.pb,b.pb>", "a real input, a file for each model input in order; repeatable", readSample, [])
    .option("--per-kind <n>", "generated inputs of each kind", integer, 20)
    .option("--search <rounds>", "rounds of the search for the most deviating input", integer, 30)
    .option("--hunted <file>", "a search of `model hunt`, whose worst inputs count as well")
    .option("--seed <n>", "seed of the generated inputs and of the search", integer, 1)
    .addHelpText(
      "after",
      "\nNothing is written before the end. Ctrl-C ends it at once." +
        "\n\nExample:\n  npx touchstone model calibrate digits.onnx --name digits --licence MIT --domain Input3=0:255 --out digits.json",
    )
    .action(async (file: string, flags: CalibrateFlags) => {
      const { io } = context();
      const written = [flags.out, ...(flags.svg === undefined ? [] : [flags.svg])];
      written.forEach(requireWritable);
      const { manifest, calibration } = await draftManifest({
        bytes: readFile(file),
        data: externalDataIn(dirname(file)),
        name: flags.name,
        licence: flags.licence,
        domains: byName(flags.domain),
        shapes: byName(flags.shape),
        bound: byName(flags.bind),
        supplied: flags.sample,
        perKind: flags.perKind,
        searchRounds: flags.search,
        huntFile: flags.hunted,
        seed: flags.seed,
        onProgress: (text) => io.progress(text),
      });
      writeWhole(flags.out, `${JSON.stringify(manifest, null, 2)}\n`);
      if (flags.svg !== undefined) {
        const outputs = manifest.outputs.map(({ name }) => name);
        writeWhole(flags.svg, plotCalibration(calibration, { title: flags.name, outputs }));
      }
      io.progress("");
      const result = { manifest: flags.out, svg: flags.svg, calibration };
      io.result(result, () => `${showCalibration(calibration)}\nwrote ${written.join(", ")}`);
    });
}
