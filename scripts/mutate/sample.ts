import { drawBelow, randomFor } from "../../src/sim/random.js";
import type { Mutant } from "./mutants.js";

/**
 * A seeded sample of mutants, spread over strata (folder and kind of fault) as the mutants are: every stratum gives its share rounded
 * down, and the largest rests give the others.
 */
export function sample(mutants: readonly Mutant[], size: number, seed: number): Mutant[] {
  if (size >= mutants.length) return [...mutants];
  const strata = [...Map.groupBy(mutants, ({ folder, kind }) => `${folder} ${kind}`)].map(([name, members]) => {
    const share = (size * members.length) / mutants.length;
    return { name, members, quota: Math.floor(share), rest: share - Math.floor(share) };
  });
  let left = size - strata.reduce((sum, { quota }) => sum + quota, 0);
  for (const stratum of strata.toSorted((a, b) => b.rest - a.rest || (a.name < b.name ? -1 : 1))) {
    if (left === 0) break;
    stratum.quota++;
    left--;
  }
  const chosen = new Set(strata.flatMap(({ name, members, quota }) => draw(members, quota, randomFor(seed, name))));
  return mutants.filter((mutant) => chosen.has(mutant));
}

function draw(members: readonly Mutant[], count: number, random: () => number): Mutant[] {
  const pool = [...members];
  return Array.from({ length: count }, () => pool.splice(drawBelow(random, pool.length), 1)[0]!);
}
