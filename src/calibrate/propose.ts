import type { AuditGraph } from "../audit/graph.js";
import { type Distribution, largestOf, medianOf } from "./distribution.js";

/** Honest noise is kept this many times below the tolerance, and the tolerance this many times below the cheapest substitute. */
export const NOISE_MARGIN = 16;
export const SUBSTITUTE_MARGIN = 2;
/** Alarm level of self-tests and watchers, over the largest noise seen. */
const ALARM_MARGIN = 4;

/** What bounds the tolerance of one output. */
export interface Room {
  /** Largest distance of an honest answer, and of which runtime. */
  readonly noise: number;
  readonly noisiest: string;
  /** Smallest median distance of a cheaper version, and which one it is. */
  readonly error: number;
  readonly cheapest: string;
}

export interface Proposal {
  readonly profile: "tolerant" | "exact";
  /** Per output; zero for `exact`. */
  readonly atol: readonly number[];
  /** Alarm level per output, as a fraction of the tolerance. */
  readonly noise: readonly number[];
  readonly rooms: readonly Room[];
  /** Why no tolerance fits, where none does. */
  readonly reason: string | undefined;
}

/** Tolerances are rounded so that they read well. */
const roundTolerance = (x: number): number => Number(x.toPrecision(2));

function roomOf(honest: readonly Distribution[], substitutes: readonly Distribution[], k: number): Room {
  let [noise, noisiest, error, cheapest] = [0, "none", Infinity, "none"];
  for (const each of honest) {
    if (largestOf(each, k) >= noise) [noise, noisiest] = [largestOf(each, k), each.label];
  }
  for (const each of substitutes) {
    if (medianOf(each, k) < error) [error, cheapest] = [medianOf(each, k), each.label];
  }
  return { noise, noisiest, error: substitutes.length === 0 ? 0 : error, cheapest };
}

/** Outputs that inputs reach without any arithmetic: nothing is rounded on the way, and every honest answer is equal. */
function isMoved(graph: AuditGraph, output: number): boolean {
  const seen = new Set<number>();
  const moves = (index: number): boolean => {
    if (seen.has(index)) return true;
    seen.add(index);
    const node = graph.nodes[index];
    if (node === undefined || node.steps.length > 0) return false;
    if (node.kind !== "gather" && node.fn !== "copy" && node.fn !== "pick") return false;
    return node.operands.every(({ source }) => source.kind !== "node" || moves(source.index));
  };
  return moves(graph.outputs[output]?.node ?? -1);
}

function exact(graph: AuditGraph, rooms: readonly Room[], reason: string): Proposal {
  const zeros = graph.outputs.map(() => 0);
  return { profile: "exact", atol: zeros, noise: zeros, rooms, reason };
}

/** 1.2e-7 */
const short = (x: number): string => x.toPrecision(2);

function noRoom(name: string, { noise, noisiest, error, cheapest }: Room): string {
  if (cheapest === "none") return `output ${name}: there is no cheaper version to tell apart from honest hardware`;
  const needed = NOISE_MARGIN * SUBSTITUTE_MARGIN;
  return (
    `output ${name}: ${NOISE_MARGIN} x the noise of honest hardware (${short(noise)}, ${noisiest}) is not below ` +
    `half of the error of the cheapest version (${short(error)}, ${cheapest}); they must be ${needed} times apart and are ` +
    (noise === 0 ? "both nothing" : `${short(error / noise)} times`)
  );
}

/**
 * Proposes a tolerance per output: the geometric mean of 16 x the noise of honest hardware and half of the error of the cheapest
 * version, or `exact` where there is no room between them or a jump upstream makes any tolerance unsound.
 *
 * @param jumps names of outputs that depend on a jump of rounded values
 */
export function propose(
  graph: AuditGraph,
  jumps: readonly string[],
  { honest, substitutes }: { honest: readonly Distribution[]; substitutes: readonly Distribution[] },
): Proposal {
  const rooms = graph.outputs.map((_, k) => roomOf(honest, substitutes, k));
  if (jumps.length > 0) return exact(graph, rooms, `a jump upstream of ${jumps.join(", ")} depends on rounded values`);
  const atol: number[] = [];
  const noise: number[] = [];
  for (const [k, { name, dtype }] of graph.outputs.entries()) {
    const room = rooms[k]!;
    if (dtype !== "f32" || isMoved(graph, k)) {
      atol.push(0);
      noise.push(0);
      continue;
    }
    const [least, most] = [NOISE_MARGIN * room.noise, room.error / SUBSTITUTE_MARGIN];
    if (!(least < most)) return exact(graph, rooms, noRoom(name, room));
    const tolerance = roundTolerance(room.noise === 0 ? most / NOISE_MARGIN : Math.sqrt(least * most));
    atol.push(tolerance);
    noise.push(Math.min(1, (ALARM_MARGIN * room.noise) / tolerance));
  }
  return { profile: "tolerant", atol, noise, rooms, reason: undefined };
}
