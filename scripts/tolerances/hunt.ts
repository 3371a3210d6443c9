import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { createHunter, type Hunter } from "../../src/calibrate/hunter.js";
import { untilStopped } from "../../src/chain/role.js";
import { say, type Study } from "./files.js";

/** Apart from the seeds of calibration and experiment. */
const SEED = 777;
/** Each model's turn. */
const SLICE_SECONDS = 10;

export async function huntAll(
  study: Study,
  folder: string,
  { minutes, wall, state }: { minutes: number; wall: number; state: string },
): Promise<void> {
  mkdirSync(state, { recursive: true });
  const hunts: { name: string; hunter: Hunter }[] = [];
  for (const { settings, graph, model, real } of study.subjects(folder)) {
    const { name } = settings;
    const atol = study.read(name, "calibration")?.proposal.atol;
    if (atol === undefined || atol.every((x) => x === 0)) {
      say(`SKIPPING ${name}: ${atol === undefined ? "calibrate it first" : "it is exact, so noise cannot harm"}`);
      continue;
    }
    const path = join(state, `${name}.json`);
    hunts.push({ name, hunter: await createHunter({ graph, model, atol, path, seed: SEED, starts: real }) });
  }
  const signal = untilStopped();
  const end = performance.now() + wall * 60_000;
  const isOver = (): boolean => signal.aborted || performance.now() >= end;
  const unfinished = () => hunts.filter(({ hunter }) => hunter.report().cpuSeconds < minutes * 60);
  while (!isOver() && unfinished().length > 0) {
    for (const { name, hunter } of unfinished()) {
      if (isOver()) break;
      await hunter.search(SLICE_SECONDS);
      const report = hunter.report();
      await study.write(name, "hunt", report);
      say(
        `${name}: ${report.ratio.toPrecision(3)} of the tolerance, ${(report.cpuSeconds / 60).toFixed(1)} CPU minutes`,
      );
    }
  }
  await Promise.all(hunts.map(({ hunter }) => hunter.release()));
}
