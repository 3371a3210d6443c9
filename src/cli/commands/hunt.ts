import { dirname } from "node:path";

import type { Command } from "commander";

import type { Tensor } from "../../audit/graph.js";
import { createHunter, type HuntReport } from "../../calibrate/hunter.js";
import { untilStopped } from "../../chain/role.js";
import { externalDataIn } from "../../models/external-data.js";
import { parseManifest } from "../../models/manifest.js";
import { prepareModel } from "../../models/prepared.js";
import { inlineExternal } from "../../onnx/inline.js";
import type { Context } from "../context.js";
import { requireWritable } from "../output.js";
import { integer, real } from "../parse.js";
import { readFile, readSample } from "../tensors.js";

interface HuntFlags {
  readonly state: string;
  readonly minutes: number;
  readonly seed: number;
  readonly sample: Tensor[][];
}

/** How often the search is stored. */
const SLICE_SECONDS = 10;

const percent = (ratio: number): string => `${(100 * ratio).toPrecision(3)}%`;

function render({ ratio, by, screened, judged, cpuSeconds }: HuntReport): string {
  return (
    `worst honest noise found: ${percent(ratio)} of the tolerance (by ${by})\n` +
    `${screened} inputs compared on native runtimes, ${judged} judged on the audit machine, ${(cpuSeconds / 60).toFixed(1)} CPU minutes`
  );
}

export function huntCommand(model: Command, context: () => Context): void {
  model
    .command("hunt <onnx> <manifest>")
    .description("search the domain for inputs that amplify the noise of honest hardware")
    .requiredOption("--state <file>", "where the search is kept; it goes on from there")
    .option("--minutes <n>", "how long to search", real, 60)
    .option("--seed <n>", "seed of a new search", integer, 1)
    .option("--sample <a.pb,b.pb>", "input to begin with, a file for each model input; repeatable", readSample, [])
    .addHelpText(
      "after",
      "\nCtrl-C stores the search and ends it; the same command goes on.\n\nExample:\n" +
        "  npx touchstone model hunt digits.onnx digits.json --state digits.hunt.json --minutes 60",
    )
    .action(async (file: string, manifestFile: string, flags: HuntFlags) => {
      const { io } = context();
      const manifest = parseManifest(new TextDecoder().decode(readFile(manifestFile)));
      requireWritable(flags.state);
      const bytes = readFile(file);
      const data = externalDataIn(dirname(file));
      const { graph, runtime } = prepareModel(bytes, manifest, { data });
      const hunter = await createHunter({
        graph,
        model: { ...runtime, bytes: inlineExternal(bytes, data) },
        atol: manifest.outputs.map(({ atol }) => atol),
        path: flags.state,
        seed: flags.seed,
        starts: flags.sample,
      });
      const signal = untilStopped();
      const end = performance.now() + flags.minutes * 60_000;
      while (!signal.aborted && performance.now() < end) {
        await hunter.search(Math.min(SLICE_SECONDS, (end - performance.now()) / 1e3));
        const { ratio, screened } = hunter.report();
        io.progress(`${screened} inputs, worst noise ${percent(ratio)} of the tolerance`);
      }
      await hunter.release();
      io.progress("");
      io.result(hunter.report(), render);
    });
}
