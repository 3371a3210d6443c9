import { readFileSync } from "node:fs";

import { measureMargins, readDigits } from "../../src/sim/study/margins.js";
import { say, type Study } from "./files.js";

export async function marginsAll(study: Study, folder: string, digitsFile: string | undefined): Promise<void> {
  if (digitsFile === undefined) say("SKIPPING handwritten digits: name their file with --digits");
  const digits = digitsFile === undefined ? [] : readDigits(readFileSync(digitsFile));
  for (const subject of study.subjects(folder)) {
    const { name } = subject.settings;
    const atol = study.read(name, "calibration")?.proposal.atol;
    const margins = atol && measureMargins(subject, atol, digits);
    if (margins === undefined) continue;
    await study.write(name, "margins", margins);
    say(`${name}: ${margins.narrow} of ${margins.inputs} margins are under twice the tolerance`);
  }
}
