/**
 * The simulator for people who live in Hardhat: `npx touchstone simulate` with the default cast, on a chain of its own.
 *
 *   SEED=7 WORKERS=3 npx hardhat run scripts/simulate.ts
 */
import { checkOptions, DEFAULTS } from "../src/sim/simulate/options.js";
import { playSimulation } from "../src/sim/simulate/play.js";

const { SEED: seed = DEFAULTS.seed, WORKERS: workers = DEFAULTS.workers } = process.env;
const options = checkOptions({ ...DEFAULTS, seed: Number(seed), workers: Number(workers) });
const write = (line: string): void => console.log(line);
// Worlds keep timers; a simulation that has printed its result is over.
process.exit((await playSimulation(options, { json: false, verbose: false, write })) ? 0 : 1);
