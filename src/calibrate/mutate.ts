import type { InputSpec, Tensor } from "../audit/graph.js";
import { type Range, rangeOf, tensorOf } from "./inputs.js";

/*
 * Moves of a search through inputs. Each takes an input, and another of the pool, to a new one inside the domain. None knows
 * the model; which of them pay is learnt while searching.
 */

type Random = () => number;

interface Place {
  readonly range: Range;
  readonly shape: readonly number[];
  readonly values: Float64Array;
  /** Values of another good input. */
  readonly other: Float64Array;
  readonly random: Random;
}

const gaussian = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A number between the two, evenly spread by magnitude. */
const scaleBetween = (random: Random, low: number, high: number): number => low * (high / low) ** random();

const below = (random: Random, n: number): number => Math.floor(random() * n);

const level = ({ range: { lo, hi }, random }: Place): number => {
  const kind = below(random, 4);
  return kind === 0 ? lo : kind === 1 ? hi : lo + random() * (hi - lo);
};

/** Rows of a rectangle in the last two axes of one plane, as [start, end) positions. */
function* rectangle({ shape, values, random }: Place): Generator<readonly [number, number]> {
  const width = shape.at(-1) ?? 1;
  const height = shape.length > 1 ? (shape.at(-2) ?? 1) : 1;
  const plane = below(random, values.length / (width * height)) * width * height;
  const [x, y] = [below(random, width), below(random, height)];
  const [w, h] = [1 + below(random, width - x), 1 + below(random, height - y)];
  for (let row = y; row < y + h; row++) {
    const start = plane + row * width + x;
    yield [start, start + w];
  }
}

export const MOVES = {
  /** Everything a little, from the last bit to the whole domain. */
  jitter(place) {
    const { range, values, random } = place;
    const sigma = scaleBetween(random, 1e-7, 1) * (range.hi - range.lo);
    return values.map((x) => x + sigma * gaussian(random));
  },
  /** A few coordinates. */
  few(place) {
    const { values, random } = place;
    const out = values.slice();
    const count = Math.ceil(scaleBetween(random, 1, Math.max(2, values.length / 8)));
    for (let i = 0; i < count; i++) out[below(random, out.length)] = level(place);
    return out;
  },
  /** A rectangle at one level. */
  patch(place) {
    const out = place.values.slice();
    const value = level(place);
    for (const [start, end] of rectangle(place)) out.fill(value, start, end);
    return out;
  },
  /** A rectangle from the other input. */
  graft(place) {
    const out = place.values.slice();
    for (const [start, end] of rectangle(place)) out.set(place.other.subarray(start, end), start);
    return out;
  },
  /** A rectangle of noise. */
  grain(place) {
    const out = place.values.slice();
    const amount = scaleBetween(place.random, 1e-6, 1) * (place.range.hi - place.range.lo);
    for (const [start, end] of rectangle(place)) {
      for (let i = start; i < end; i++) out[i] = out[i]! + amount * (place.random() - 0.5);
    }
    return out;
  },
  /** Between the two, or beyond. */
  blend({ values, other, random }) {
    const share = 2 * random() - 0.5;
    return values.map((x, i) => x + share * (other[i]! - x));
  },
  /** Contrast around a level. */
  scale(place) {
    const [centre, factor] = [level(place), scaleBetween(place.random, 0.01, 100)];
    return place.values.map((x) => centre + factor * (x - centre));
  },
  /** Moves along the last axes. */
  shift({ values, random }) {
    const by = below(random, values.length);
    return values.map((_, i) => values[(i + by) % values.length]!);
  },
  /** Each of a share of the elements to the nearer or the farther corner. */
  corner({ range: { lo, hi }, values, random }) {
    const [share, far] = [random(), random() < 0.3];
    const middle = (lo + hi) / 2;
    return values.map((x) => (random() > share ? x : x < middle !== far ? lo : hi));
  },
  /** Upside down. */
  invert: ({ range: { lo, hi }, values }) => values.map((x) => lo + hi - x),
} satisfies Record<string, (place: Place) => Float64Array>;

export type Move = keyof typeof MOVES;

/** Moves one of the inputs, the larger ones more often. */
export function mutate(
  specs: readonly InputSpec[],
  move: Move,
  [parent, other]: readonly [readonly Tensor[], readonly Tensor[]],
  random: Random,
): Tensor[] {
  const weights = specs.map((_, i) => Math.sqrt(parent[i]?.data.length ?? 0));
  let at = random() * weights.reduce((a, b) => a + b, 0);
  const chosen = Math.max(
    0,
    weights.findIndex((weight) => (at -= weight) < 0),
  );
  return specs.map((spec, i) => {
    const [tensor, second] = [parent[i]!, other[i]!];
    if (i !== chosen) return tensor;
    const place = {
      range: rangeOf(spec),
      shape: spec.shape,
      values: Float64Array.from(tensor.data, Number),
      other: Float64Array.from(second.data, Number),
      random,
    };
    const values = MOVES[move](place);
    return tensorOf(spec, (k) => values[k]!);
  });
}

/** Inputs that people would try: levels, stripes, boards, ramps, single spikes. */
export function structuredInputs(specs: readonly InputSpec[]): Tensor[][] {
  type Pattern = (x: number, y: number, width: number, height: number) => number;
  const patterns: Pattern[] = [
    () => 0,
    () => 1,
    () => 0.5,
    (x) => x % 2,
    (_, y) => y % 2,
    (x, y) => (x + y) % 2,
    (x, y) => ((x >> 2) + (y >> 2)) % 2,
    (x, _y, width) => x / Math.max(1, width - 1),
    (_x, y, _w, height) => y / Math.max(1, height - 1),
    (x, y, width, height) => (x === width >> 1 && y === height >> 1 ? 1 : 0),
    (x, y, width, height) => (x === width >> 1 && y === height >> 1 ? 0 : 1),
    (x, _y, width) => (x < width / 2 ? 0 : 1),
  ];
  return patterns.map((pattern) =>
    specs.map((spec) => {
      const { lo, hi } = rangeOf(spec);
      const width = spec.shape.at(-1) ?? 1;
      const height = spec.shape.length > 1 ? (spec.shape.at(-2) ?? 1) : 1;
      return tensorOf(spec, (i) => {
        const [x, y] = [i % width, Math.floor(i / width) % height];
        return lo + pattern(x, y, width, height) * (hi - lo);
      });
    }),
  );
}
