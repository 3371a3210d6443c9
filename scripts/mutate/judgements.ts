import { readFileSync } from "node:fs";

import { z } from "zod";

/**
 * Why a mutant that no test kills leaves no gap: it gives the same for every input (`equivalent`); its callers rule out what would tell
 * (`unreachable`); it moves an error that stays far below what decides a rounding (`reserve`); only gas tells (`cost`).
 */
const judgement = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  kind: z.enum(["equivalent", "unreachable", "reserve", "cost"]),
  why: z.string().min(5),
});

export type Judgement = z.infer<typeof judgement>;

/** What somebody who read the survivors wrote down, by id. A mutant's id holds its text, so that another one is judged afresh. */
export function readJudgements(file = "snapshots/survivors.jsonl"): Map<string, Judgement> {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => judgement.parse(JSON.parse(line))).map((each) => [each.id, each]));
}
