import { honestRuntimes, substitutesOf } from "../../src/calibrate/settings.js";
import { answerNext, newFindings } from "../../src/sim/study/experiment.js";
import { say, type StoredFindings, type Study } from "./files.js";

/** Apart from the calibration's. */
const SEED = 20_000;
const STORE_EVERY_MS = 15_000;

export async function experimentAll(study: Study, folder: string): Promise<void> {
  for (const subject of study.subjects(folder)) {
    const { name, answers } = subject.settings;
    const calibration = study.read(name, "calibration");
    if (calibration === undefined) {
      say(`SKIPPING ${name}: calibrate it first`);
      continue;
    }
    const { atol } = calibration.proposal;
    const before = study.read(name, "experiment");
    const goesOn = before !== undefined && JSON.stringify(before.atol) === JSON.stringify(atol);
    const findings: StoredFindings = goesOn ? before : { atol, ...newFindings(SEED) };
    if (findings.inputs >= answers) continue;
    const honest = await honestRuntimes(subject.model, subject.graph);
    const substitutes = await substitutesOf(subject.model);
    let stored = performance.now();
    while (findings.inputs < answers) {
      await answerNext(findings, { subject, honest, substitutes, atol });
      if (performance.now() - stored < STORE_EVERY_MS && findings.inputs < answers) continue;
      await study.write(name, "experiment", findings);
      say(`${name}: ${findings.inputs} of ${answers} inputs`);
      stored = performance.now();
    }
    await Promise.all([...honest, ...substitutes.map((each) => each.runtime)].map((each) => each.release()));
  }
}
