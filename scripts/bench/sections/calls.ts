import { globSync } from "node:fs";

import { runInPlace } from "../../../src/sim/run.js";
import { exitCodeOf } from "../../support/run-tests.js";
import { callsTable, countCalls } from "../../test/calls.js";
import type { Section } from "../section.js";

/** What the random sequences in Solidity call: the same in every run, unless `FUZZ_SEED` and its like say otherwise. */
export const section: Section = {
  run: async ({ say }) => {
    const args = ["node_modules/hardhat/dist/src/cli.js", "test", "solidity", ...globSync("test/invariant/*.t.sol")];
    const { result, calls } = await countCalls((settings) =>
      runInPlace("calls", async ({ children }) => {
        const end = await children.start({ name: "sequences", args, settings, onLine: say }).ended;
        return exitCodeOf(end, "the sequences") === 0;
      }),
    );
    if (!result) throw new Error("A sequence failed: read above what broke.");
    return [callsTable(calls)];
  },
};
