import { existsSync } from "node:fs";
import { join } from "node:path";

import { calibrate } from "../../src/calibrate/calibrate.js";
import { huntedInputs } from "../../src/calibrate/hunt-file.js";
import { plotCalibration } from "../../src/calibrate/plot.js";
import { fewRuntimes, honestRuntimes, substitutesOf } from "../../src/calibrate/settings.js";
import { say, type Study } from "./files.js";

/** Of the generated inputs; the experiment has another. */
const SEED = 1;

export async function calibrateAll(study: Study, folder: string, hunts: string): Promise<void> {
  for (const { settings, bytes, graph, model, jumps, real } of study.subjects(folder)) {
    const { name, perKind, rounds } = settings;
    const hunt = join(hunts, `${name}.json`);
    const [honest, few, substitutes] = [
      await honestRuntimes(model, graph),
      await fewRuntimes(model),
      await substitutesOf(model),
    ];
    const calibration = await calibrate({
      graph,
      jumps,
      honest,
      substitutes,
      supplied: real,
      hunted: existsSync(hunt) ? huntedInputs(hunt, graph, bytes) : [],
      perKind,
      search: { rounds, runtimes: few },
      seed: SEED,
      onProgress: (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${name}: ${text}`),
    });
    await Promise.all([...honest, ...few, ...substitutes.map((each) => each.runtime)].map((each) => each.release()));
    await study.write(name, "calibration", calibration);
    const outputs = graph.outputs.map((output) => output.name);
    study.writeFile(name, "distributions.svg", plotCalibration(calibration, { title: name, outputs }));
    const { profile, atol, reason } = calibration.proposal;
    say(`${name}: ${profile} ${atol.join(", ")} ${reason ?? ""}`);
  }
}
