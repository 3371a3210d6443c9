import type { EntryPoint } from "./entry-point.js";
import { CHALLENGES } from "./rows/challenges.js";
import { GOVERNANCE } from "./rows/governance.js";
import { JOBS } from "./rows/jobs.js";
import { LOTTERY } from "./rows/lottery.js";
import { RECEIPTS } from "./rows/receipts.js";
import { STAKING } from "./rows/staking.js";
import { CONTRACTS } from "./world.js";

/** Every function that changes state, of every contract of a deployment. */
export const ENTRY_POINTS: readonly EntryPoint[] = [
  ...GOVERNANCE,
  ...STAKING,
  ...JOBS,
  ...RECEIPTS,
  ...CHALLENGES,
  ...LOTTERY,
].toSorted((a, b) => CONTRACTS.indexOf(a.contract) - CONTRACTS.indexOf(b.contract));
