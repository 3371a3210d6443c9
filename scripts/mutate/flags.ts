import { Command } from "commander";

import { parseShard, type Shard, WHOLE, whole } from "../support/flags.js";

interface MutateFlags {
  readonly sample?: number;
  readonly seed: number;
  readonly money?: boolean;
  readonly only?: string;
  readonly shard: Shard;
  readonly limit: number;
  readonly out: string;
  readonly records: string;
  readonly list?: boolean;
  readonly report?: boolean;
  readonly json?: boolean;
}

/** Flags of `npm run mutate`; prints help and ends the process where that is asked. */
export function parseFlags(args: readonly string[]): MutateFlags {
  return new Command("mutate")
    .description("Puts faults into the contracts, one at a time, and asks whether the tests notice.")
    .option(
      "--sample <n>",
      "so many mutants, spread over folders and kinds of faults as all are (default: 400)",
      whole("sample", 1e6),
    )
    .option("--seed <n>", "of the sample", whole("seed", 1e9), 20261128)
    .option("--money", "choose among the mutants of sources that move stakes and bonds; without --sample: all")
    .option("--only <names>", "choose among the mutants of these contracts, separated by commas")
    .option(
      "--shard <i/n>",
      "of those chosen judge every n-th; shards that run at a time need an --out each",
      parseShard,
      WHOLE,
    )
    .option("--limit <seconds>", "for the tests of one mutant", whole("limit", 1e6), 900)
    .option("--out <folder>", "where the copy of the tree lies", "cache/mutate")
    .option("--records <file>", "where verdicts lie", "snapshots/mutants.jsonl")
    .option("--list", "only list the mutants")
    .option("--report", "only say what is recorded, also of survivors that today's tests have not met")
    .option("--json", "one record a line")
    .parse(args, { from: "user" })
    .opts<MutateFlags>();
}
