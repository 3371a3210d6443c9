import { joinOperator, type Operator } from "../driver/operators.js";
import { DEFAULT_RUNTIME, fraudArgs, watcherArgs, workerArgs } from "../driver/processes.js";
import type { LogLine, RoleProcess } from "../driver/role-process.js";
import type { World } from "../driver/world.js";
import { FRAUDS, type Fraud } from "../frauds/frauds.js";
import { internalError } from "../../errors.js";
import { serveArgs } from "../market/server.js";
import { describeSettings, RECEIPT_PRICE, SETTINGS, type SimulationOptions } from "./options.js";

/** One operator of a simulation. */
export interface Member {
  readonly operator: Operator;
  /** What it runs, or how it cheats. */
  readonly about: string;
  readonly fraud: Fraud | undefined;
  /** Undefined until its process is started. */
  process: RoleProcess | undefined;
  start(): RoleProcess;
  /** Where it sells by HTTP now. */
  readonly endpoint: () => URL;
}

export interface Population {
  readonly honest: readonly Member[];
  /** The honest operator that comes too late, where that is wanted; its process is not started. */
  readonly late: Member | undefined;
  /** The honest operator that is drawn and comes too late, where that is wanted; its process is not started. */
  readonly absent: Member | undefined;
  readonly cheats: readonly Member[];
  /** Who sells by HTTP: an honest operator and one that cheats, or nobody. */
  readonly sellers: readonly Member[];
  /** Where the watcher takes receipts. */
  readonly watcher: () => URL;
  /** By how many times the tolerance the deviating operator says to have stepped over it, by job. */
  readonly deviations: ReadonlyMap<string, number>;
}

/**
 * Lets everybody join and starts their processes, and a watcher's.
 * @param feeToken what every other honest operator is paid in, where that is wanted
 */
export async function populate(
  world: World,
  { modelId, feeToken }: { readonly modelId: string; readonly feeToken: string | undefined },
  options: SimulationOptions,
): Promise<Population> {
  const { workers, frauds, factors, faults, uses, draws, seed } = options;
  const deviations = new Map<string, number>();

  const listening = new Map<string, URL>();

  const onEvent =
    (name: string) =>
    ({ event, claimId, factor, at }: LogLine): void => {
      if (event === "deviated") deviations.set(String(claimId), Number(factor));
      if (event === "listening") listening.set(name, new URL(String(at)));
    };

  /** A process that is killed listens elsewhere when it is back. */
  const endpointOf = (name: string) => (): URL => {
    const found = listening.get(name);
    if (found === undefined) throw internalError(`${name} does not listen`);
    return found;
  };

  async function member(
    name: string,
    about: string,
    fraud: Fraud | undefined,
    args: readonly string[],
    currency?: string,
  ): Promise<Member> {
    const operator = await joinOperator(world, name, modelId, currency);
    const made: Member = {
      operator,
      about,
      fraud,
      process: undefined,
      start: () => {
        made.process = world.startRole({
          name: `worker ${name}`,
          actor: operator.worker,
          args,
          onEvent: onEvent(name),
        });
        return made.process;
      },
      endpoint: endpointOf(name),
    };
    return made;
  }

  const honest: Member[] = [];
  for (let i = 0; i < workers; i++) {
    const settings = SETTINGS[i % SETTINGS.length];
    if (settings === undefined) continue;
    const about = describeSettings(settings);
    const currency = i % 2 === 1 ? feeToken : undefined;
    honest.push(await member(`worker-${i + 1}`, about, undefined, workerArgs(settings), currency));
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
  const sellers: Member[] = [];
  if (uses.includes("receipts")) {
    const serving = [...serveArgs(modelId, RECEIPT_PRICE), "--listen", "127.0.0.1:0"];
    const settings = SETTINGS[workers % SETTINGS.length] ?? DEFAULT_RUNTIME;
    const [honestly, falsely] = [workerArgs(settings), fraudArgs("another", seed)];
    sellers.push(
      await member("seller", `receipts, ${describeSettings(settings)}`, undefined, [...honestly, ...serving]),
    );
    sellers.push(await member("cheat-receipts", `receipts, ${FRAUDS.another}`, "another", [...falsely, ...serving]));
  }
  for (const each of [...honest, ...cheats, ...sellers]) each.start();
  const watching = { name: "watcher", actor: await world.actors.get("watcher"), onEvent: onEvent("watcher") };
  world.startRole({ ...watching, args: [...watcherArgs(), "--listen", "127.0.0.1:0"] });
  await world.clock.settle();
  return { honest, late, absent, cheats, sellers, watcher: endpointOf("watcher"), deviations };
}
