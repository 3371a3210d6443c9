import type { AuditGraph } from "../audit/graph.js";
import { type Distribution, largestOf, medianOf } from "./distribution.js";

/** Honest noise is kept this many times below the tolerance, and the tolerance this many times below the cheapest substitute. */
export const NOISE_MARGIN = 16;
export const SUBSTITUTE_MARGIN = 2;
/** Alarm level of self-tests and watchers, over the largest noise seen. */
const ALARM_MARGIN = 4;

/** What bounds the tolerance of one output. */
export interface Room {
  /** Largest distance of an honest answer to inputs that a long search found; 0 without one. */
  readonly hunted: number;
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

/** What was measured. */
export interface Measured {
  readonly honest: readonly Distribution[];
  readonly substitutes: readonly Distribution[];
  /** All honest runtimes on inputs that a long search found. */
  readonly hunted: Distribution | undefined;
}

/** Tolerances are rounded so that they read well. */
const roundTolerance = (x: number): number => Number(x.toPrecision(2));
function roundUp(x: number): number {
  const rounded = roundTolerance(x);
  return rounded >= x ? rounded : roundTolerance(x * 1.05);
}

function roomOf({ honest, substitutes, hunted }: Measured, k: number): Room {
  let [noise, noisiest, error, cheapest] = [0, "none", Infinity, "none"];
  for (const each of honest) {
    if (largestOf(each, k) >= noise) [noise, noisiest] = [largestOf(each, k), each.label];
  }
  for (const each of substitutes) {
    if (medianOf(each, k) < error) [error, cheapest] = [medianOf(each, k), each.label];
  }
  return {
    noise,
    noisiest,
    error: substitutes.length === 0 ? 0 : error,
    cheapest,
    hunted: hunted === undefined ? 0 : largestOf(hunted, k),
  };
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

function noRoom(name: string, { noise: own, noisiest: runtime, error, cheapest, hunted }: Room): string {
  const [noise, noisiest] = hunted > own ? [hunted, "on a hunted input"] : [own, runtime];
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
 * version, but no less than 16 x the noise on hunted inputs; or `exact` where there is no room between them or a jump upstream
 * makes any tolerance unsound.
 *
 * @param jumps names of outputs that depend on a jump of rounded values
 */
export function propose(graph: AuditGraph, jumps: readonly string[], measured: Measured): Proposal {
  const rooms = graph.outputs.map((_, k) => roomOf(measured, k));
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
    const mean = roundTolerance(room.noise === 0 ? most / NOISE_MARGIN : Math.sqrt(least * most));
    const tolerance = Math.max(mean, roundUp(NOISE_MARGIN * room.hunted));
    if (!(least < most && tolerance < most)) return exact(graph, rooms, noRoom(name, room));
    atol.push(tolerance);
    noise.push(Math.min(1, (ALARM_MARGIN * Math.max(room.noise, room.hunted)) / tolerance));
  }
  return { profile: "tolerant", atol, noise, rooms, reason: undefined };
}
