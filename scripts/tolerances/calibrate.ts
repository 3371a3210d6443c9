import { calibrate } from "../../src/calibrate/calibrate.js";
import { plotCalibration } from "../../src/calibrate/plot.js";
import { fewRuntimes, honestRuntimes, substitutesOf } from "../../src/calibrate/settings.js";
import { say, type Study } from "./files.js";

/** Of the generated inputs; the experiment has another. */
const SEED = 1;

export async function calibrateAll(study: Study, folder: string): Promise<void> {
  for (const { settings, graph, model, jumps, real } of study.subjects(folder)) {
    const { name, perKind, rounds } = settings;
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
