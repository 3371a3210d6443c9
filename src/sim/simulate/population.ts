import { joinOperator, type Operator } from "../driver/operators.js";
import { fraudArgs, watcherArgs, workerArgs } from "../driver/processes.js";
import type { LogLine, RoleProcess } from "../driver/role-process.js";
import type { World } from "../driver/world.js";
import { FRAUDS, type Fraud } from "../frauds/frauds.js";
import { describeSettings, SETTINGS, type SimulationOptions } from "./options.js";

/** One operator of a simulation. */
export interface Member {
  readonly operator: Operator;
  /** What it runs, or how it cheats. */
  readonly about: string;
  readonly fraud: Fraud | undefined;
  /** Undefined until its process is started. */
  process: RoleProcess | undefined;
  start(): RoleProcess;
}

export interface Population {
  readonly honest: readonly Member[];
  /** The honest operator that comes too late, where that is wanted; its process is not started. */
  readonly late: Member | undefined;
  /** The honest operator that is drawn and comes too late, where that is wanted; its process is not started. */
  readonly absent: Member | undefined;
  readonly cheats: readonly Member[];
  /** By how many times the tolerance the deviating operator says to have stepped over it, by job. */
  readonly deviations: ReadonlyMap<string, number>;
}

/** Lets everybody join and starts their processes, and a watcher's. */
export async function populate(world: World, modelId: string, options: SimulationOptions): Promise<Population> {
  const { workers, frauds, factors, faults, draws, seed } = options;
  const deviations = new Map<string, number>();

  function onEvent({ event, claimId, factor }: LogLine): void {
    if (event === "deviated") deviations.set(String(claimId), Number(factor));
  }

  async function member(
    name: string,
    about: string,
    fraud: Fraud | undefined,
    args: readonly string[],
  ): Promise<Member> {
    const operator = await joinOperator(world, name, modelId);
    const made: Member = {
      operator,
      about,
      fraud,
      process: undefined,
      start: () => {
        made.process = world.startRole({ name: `worker ${name}`, actor: operator.worker, args, onEvent });
        return made.process;
      },
    };
    return made;
  }

  const honest: Member[] = [];
  for (let i = 0; i < workers; i++) {
    const settings = SETTINGS[i % SETTINGS.length];
    if (settings === undefined) continue;
    honest.push(await member(`worker-${i + 1}`, describeSettings(settings), undefined, workerArgs(settings)));
  }
  const first = SETTINGS[0];
  const late =
    faults.includes("late") && first !== undefined
      ? await member("latecomer", "comes too late once", undefined, workerArgs(first))
      : undefined;
  const absent =
    draws > 0 && faults.includes("absent") && first !== undefined
      ? await member("absentee", "is drawn and comes too late once", undefined, workerArgs(first))
      : undefined;
  const cheats: Member[] = [];
  for (const fraud of frauds) {
    cheats.push(await member(`cheat-${fraud}`, FRAUDS[fraud], fraud, fraudArgs(fraud, seed, factors)));
  }
  for (const each of [...honest, ...cheats]) each.start();
  world.startRole({ name: "watcher", actor: await world.actors.get("watcher"), args: watcherArgs() });
  await world.clock.settle();
  return { honest, late, absent, cheats, deviations };
}
