import type { InputSpec, Tensor } from "../audit/graph.js";
import { createRandom, generateInput, KINDS } from "./inputs.js";
import { type Move, MOVES, mutate, structuredInputs } from "./mutate.js";

/*
 * A search for inputs that amplify the noise of honest hardware: an evolution without gradients. Candidates are screened by how
 * far native settings are from each other, which is cheap; the most promising are judged against the audit answer.
 */

/** Best inputs that are kept. */
const POOL = 8;
/** Candidates of one round, and how many of them are judged. */
const CANDIDATES = 8;
const JUDGED = 2;
/** Rounds without a better one in the pool after which the search starts anew elsewhere. */
const PATIENCE = 150;
/** A fresh random input instead of a moved one, so that the search leaves a dead end. */
const FRESH = 0.05;

export interface Quarry {
  readonly inputs: readonly Tensor[];
  /** What the search maximises, as `judge` says. */
  readonly score: number;
  /** How it was made: a move, a kind of generated input, or `start`. */
  readonly by: string;
}

export interface HuntState {
  readonly seed: number;
  readonly rounds: number;
  readonly screened: number;
  readonly judged: number;
  /** Of all times. */
  readonly best: Quarry | undefined;
  /** What the search works with, best first; emptied when it gets stuck. */
  readonly pool: readonly Quarry[];
  /** Rounds since the pool's best one was found, and how often the search got stuck. */
  readonly stale: number;
  readonly restarts: number;
  /** Per move: how often it was judged, and how often it beat its parent. */
  readonly moves: Readonly<Record<string, { readonly tried: number; readonly won: number }>>;
}

export interface Prey {
  readonly specs: readonly InputSpec[];
  /** A cheap guess of the score; the runtime's answers travel on to `judge`. */
  screen(
    inputs: readonly Tensor[],
  ): Promise<{ readonly guess: number; readonly answers: readonly (readonly Tensor[])[] }>;
  /** The score: larger is noisier. */
  judge(inputs: readonly Tensor[], answers: readonly (readonly Tensor[])[]): number;
}

export const newHunt = (seed: number): HuntState => ({
  seed,
  rounds: 0,
  screened: 0,
  judged: 0,
  best: undefined,
  pool: [],
  stale: 0,
  restarts: 0,
  moves: {},
});

interface Candidate {
  readonly inputs: readonly Tensor[];
  readonly by: string;
  readonly parent: number;
}

/** Draws a move, the more often the oftener it has won. */
function drawMove({ moves }: HuntState, random: () => number): Move {
  const names = Object.keys(MOVES) as Move[];
  const weights = names.map((name) => ((moves[name]?.won ?? 0) + 1) / ((moves[name]?.tried ?? 0) + 10) + 0.01);
  let at = random() * weights.reduce((a, b) => a + b, 0);
  return names[weights.findIndex((weight) => (at -= weight) < 0)] ?? "jitter";
}

function candidatesOf(state: HuntState, specs: readonly InputSpec[], random: () => number): Candidate[] {
  return Array.from({ length: CANDIDATES }, () => {
    const draw = (): Quarry | undefined => state.pool[Math.floor(random() ** 2 * state.pool.length)];
    const [parent, other] = [draw(), draw()];
    if (parent === undefined || other === undefined || random() < FRESH) {
      const kind = KINDS[Math.floor(random() * KINDS.length)] ?? "random";
      return { inputs: specs.map((spec) => generateInput(spec, kind, random)), by: kind, parent: Infinity };
    }
    const move = drawMove(state, random);
    return { inputs: mutate(specs, move, [parent.inputs, other.inputs], random), by: move, parent: parent.score };
  });
}

function judged(state: HuntState, { inputs, by, parent }: Candidate, score: number): HuntState {
  const before = state.moves[by] ?? { tried: 0, won: 0 };
  const isMove = by in MOVES;
  const moves = isMove
    ? { ...state.moves, [by]: { tried: before.tried + 1, won: before.won + (score > parent ? 1 : 0) } }
    : state.moves;
  const found = { inputs, score, by };
  const stale = score > (state.pool[0]?.score ?? -1) ? 0 : state.stale;
  // Equal scores are mostly equal inputs.
  const known = state.pool.some((each) => each.score === score);
  const pool = known ? state.pool : [...state.pool, found].sort((a, b) => b.score - a.score).slice(0, POOL);
  const best = score > (state.best?.score ?? -1) ? found : state.best;
  return { ...state, judged: state.judged + 1, moves, pool, best, stale };
}

/**
 * One round of a search. The first one judges the starts and inputs that people would try. Everything is decided by the state
 * and its seed, so that a search can stop and go on.
 */
export async function huntRound(
  state: HuntState,
  prey: Prey,
  starts: readonly (readonly Tensor[])[] = [],
): Promise<HuntState> {
  const random = createRandom(Math.imul(state.seed, 0x9e3779b1) ^ state.rounds);
  const first = state.rounds === 0;
  const candidates = first
    ? [...starts, ...structuredInputs(prey.specs)].map((inputs) => ({ inputs, by: "start", parent: Infinity }))
    : candidatesOf(state, prey.specs, random);
  const screened = [];
  for (const candidate of candidates) screened.push({ candidate, ...(await prey.screen(candidate.inputs)) });
  screened.sort((a, b) => b.guess - a.guess);
  let next: HuntState = {
    ...state,
    rounds: state.rounds + 1,
    screened: state.screened + candidates.length,
    stale: state.stale + 1,
  };
  for (const { candidate, answers } of first ? screened : screened.slice(0, JUDGED)) {
    next = judged(next, candidate, prey.judge(candidate.inputs, answers));
  }
  return next.stale < PATIENCE ? next : { ...next, pool: [], stale: 0, restarts: next.restarts + 1 };
}
