import { inconsistent, refuse } from "../compile/errors.js";
import { sequence } from "./op.js";

/*
 * Which input elements an output element of Resize is made of, along one axis. Coordinates are computed in binary32 with ONNX
 * Runtime's formulas (core/providers/cpu/tensor/upsample.h and upsample_antialias.h), because ONNX's own in binary64 choose
 * other elements in many configurations.
 */

const f = Math.fround;

export interface AxisResize {
  readonly mode: string;
  readonly transformation: string;
  readonly nearest: string;
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** Of tf_crop_and_resize: start and end of the region, relative. */
  readonly roi: readonly [number, number];
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** Taps of one output element: positions and weights; `outside` where tf_crop_and_resize extrapolates. */
export interface Taps {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
  readonly outside: boolean;
}

/** The coordinate in the input of output element `x`. */
function original(axis: AxisResize, x: number): number {
  const { scale, input, output, roi } = axis;
  const halfPixel = (): number => f(f(f(x + 0.5) / scale) - 0.5);
  switch (axis.transformation) {
    case "half_pixel":
      return halfPixel();
    case "half_pixel_symmetric": {
      const adjustment = f(output / f(scale * input));
      const offset = f(f(input / 2) * f(1 - adjustment));
      return f(f(offset + f(f(x + 0.5) / scale)) - 0.5);
    }
    case "pytorch_half_pixel":
      return output > 1 ? halfPixel() : 0;
    case "asymmetric":
      return f(x / scale);
    case "tf_half_pixel_for_nn":
      return f(f(x + 0.5) / scale);
    case "align_corners":
      return output === 1 ? 0 : f(f(x * (input - 1)) / (output - 1));
    case "tf_crop_and_resize": {
      const [start, end] = roi;
      if (output === 1) return f(f(0.5 * f(start + end)) * (input - 1));
      return f(f(start * (input - 1)) + f(f(f(x * f(end - start)) * (input - 1)) / (output - 1)));
    }
    default:
      throw refuse(`Resize with coordinates "${axis.transformation}" has no lowering`);
  }
}

/** Nearer than this to the point where the choice jumps, runtimes may choose differently. */
const FRAGILE = 1e-5;

function nearestPosition(axis: AxisResize, x: number): number {
  const at = original(axis, x);
  const boundary = axis.nearest.startsWith("round") ? Math.floor(at) + 0.5 : Math.round(at);
  if (at !== boundary && Math.abs(at - boundary) < FRAGILE) {
    throw refuse(`Resize to the nearest of ${axis.input} elements is a matter of rounding at element ${x}`);
  }
  const chosen = ((): number => {
    switch (axis.nearest) {
      case "round_prefer_floor":
        return at === boundary ? Math.floor(at) : roundAway(at);
      case "round_prefer_ceil":
        return roundAway(at);
      case "floor":
        return Math.floor(at);
      case "ceil":
        return Math.ceil(at);
      case "simple":
        return axis.scale < 1 ? Math.ceil(at) : Math.trunc(at);
      default:
        throw inconsistent(`Resize with nearest_mode "${axis.nearest}"`);
    }
  })();
  return clamp(chosen, axis.input);
}

/** Halves away from zero, as C's round. */
function roundAway(x: number): number {
  return x < 0 ? -Math.floor(-x + 0.5) : Math.floor(x + 0.5);
}

function clamp(position: number, extent: number): number {
  return Math.max(0, Math.min(extent - 1, position));
}

function linearTaps(axis: AxisResize, x: number): { positions: number[]; weights: number[] } {
  const at = Math.max(0, Math.min(axis.input - 1, original(axis, x)));
  const low = Math.min(Math.trunc(at), axis.input - 1);
  const high = Math.min(low + 1, axis.input - 1);
  if (low === high) return { positions: [low], weights: [1] };
  return { positions: [low, high], weights: [f(Math.abs(at - high)), f(Math.abs(at - low))] };
}

/** The cubic convolution kernel (Keys 1981) at distance `t`, |t| < 2. */
function cubicKernel(t: number, a: number): number {
  const x = f(Math.abs(t));
  if (x <= 1) return f(f(f(f(f(f(a + 2) * x) - f(a + 3)) * x) * x) + 1);
  if (x < 2) return f(f(f(f(f(f(f(a * x) - f(5 * a)) * x) + f(8 * a)) * x)) - f(4 * a));
  return 0;
}

function cubicTaps(axis: AxisResize, x: number): { positions: number[]; weights: number[] } {
  const at = original(axis, x);
  const floor = Math.floor(at);
  const part = f(at - floor);
  const raw = [-1, 0, 1, 2].map((k) => ({ k: floor + k, weight: cubicKernel(f(part - k), axis.cubicA) }));
  const used = axis.excludeOutside ? raw.filter(({ k }) => k >= 0 && k < axis.input) : raw;
  const sum = axis.excludeOutside ? used.reduce((s, { weight }) => f(s + weight), 0) : 1;
  return {
    positions: used.map(({ k }) => clamp(k, axis.input)),
    weights: used.map(({ weight }) => f(weight / sum)),
  };
}

/** A downsampling filter that is stretched by the scale, so that no input element is skipped. */
function antialiasTaps(axis: AxisResize, x: number): { positions: number[]; weights: number[] } {
  const shrink = f(1 / axis.scale);
  const radius = axis.mode === "cubic" ? 2 : 1;
  const support = shrink >= 1 ? f(radius * shrink) : radius;
  const inverse = shrink >= 1 ? f(1 / shrink) : 1;
  const centre = f(0.5 + (shrink === 1 ? x : original(axis, x)));
  let from = Math.floor(f(f(centre - support) + 0.5));
  let to = Math.floor(f(f(centre + support) + 0.5));
  if (axis.excludeOutside) {
    from = Math.max(from, 0);
    to = Math.min(to, axis.input);
  }
  const positions: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (let k = from; k < to; k++) {
    const t = f(f(f(k - centre) + 0.5) * inverse);
    const weight = axis.mode === "cubic" ? cubicKernel(t, axis.cubicA) : Math.max(0, f(1 - Math.abs(t)));
    total = f(total + weight);
    positions.push(clamp(k, axis.input));
    weights.push(weight);
  }
  return { positions, weights: weights.map((weight) => f(weight / total)) };
}

/** Longest axis that is resized. */
const MAX_LENGTH = 2 ** 18;

/** The taps of every output element along one axis. */
export function axisTaps(axis: AxisResize): Taps[] {
  return sequence(axis.output, (x) => tapsAt(axis, x), MAX_LENGTH);
}

function tapsAt(axis: AxisResize, x: number): Taps {
  const outside = axis.transformation === "tf_crop_and_resize" && isOutside(axis, original(axis, x));
  if (axis.mode === "nearest") return { positions: [nearestPosition(axis, x)], weights: [1], outside };
  const plain = axis.mode === "linear" ? linearTaps : cubicTaps;
  return { ...joined((axis.antialias ? antialiasTaps : plain)(axis, x)), outside };
}

function isOutside(axis: AxisResize, at: number): boolean {
  return at < 0 || at > axis.input - 1;
}

/** Taps at one position added up. */
function joined({ positions, weights }: { positions: number[]; weights: number[] }): Omit<Taps, "outside"> {
  const sums = new Map<number, number>();
  positions.forEach((position, i) => sums.set(position, f((sums.get(position) ?? 0) + weights[i]!)));
  return { positions: [...sums.keys()], weights: [...sums.values()] };
}
