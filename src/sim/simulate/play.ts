import type { World } from "../driver/world.js";
import { shortId } from "../report/format.js";
import { createNarrator } from "../report/narrator.js";
import { createSink } from "../report/sink.js";
import { runInPlace } from "../run.js";
import type { SimulationOptions } from "./options.js";
import { renderReport } from "./report.js";
import { simulate } from "./simulate.js";

/**
 * Plays one simulation and tells it: to people as text, to programs as one JSON object a line, the last of them the result.
 * @returns whether everything ended as it should
 */
export function playSimulation(
  options: SimulationOptions,
  { json, verbose, write }: { json: boolean; verbose: boolean; write: (line: string) => void },
): Promise<boolean> {
  const started = performance.now();
  let world: World | undefined;
  const sink = createSink({ json, write, startedAt: () => world?.startedAt ?? 0 });
  return runInPlace("simulate", async ({ children, home }) => {
    sink.text([`Touchstone simulation, seed ${options.seed}`]);
    const summary = await simulate({
      options,
      sink,
      narrator: createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address)),
      children,
      home,
      elapsed: () => (performance.now() - started) / 1_000,
      onWorld: (made) => {
        world = made;
      },
      verbose,
    });
    sink.chapter("Result");
    sink.result(summary, () => renderReport(summary));
    return summary.problems.length === 0;
  });
}
