import { gunzipSync } from "node:zlib";

import { answer } from "../../audit/exec/fast/execute.js";
import type { Tensor } from "../../audit/graph.js";
import { TouchstoneError } from "../../errors.js";
import type { Subject } from "./subject.js";

/*
 * How often a tolerance could matter for the class that an answer names: when its two largest scores are closer than twice the
 * tolerance, two right answers may name different classes.
 */

/** Side of a scanned digit, of the digit in an input, and of the input. */
const [SCANNED, DRAWN, SIDE] = [8, 20, 28] as const;
/** Largest value of a scanned digit's pixel. */
const INK = 16;

export interface Digit {
  readonly label: number;
  /** SIDE x SIDE pixels in 0..1. */
  readonly pixels: Float64Array;
}

/** A scanned digit enlarged between its pixels and put in the middle, as the models were trained to see digits. */
function enlarge(scanned: readonly number[]): Float64Array {
  const pixel = (x: number, y: number): number => {
    const inside = x >= 0 && y >= 0 && x < SCANNED && y < SCANNED;
    return inside ? (scanned[y * SCANNED + x] ?? 0) / INK : 0;
  };
  const border = (SIDE - DRAWN) / 2;
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [column, row] = [(i % SIDE) - border, Math.floor(i / SIDE) - border];
    const [x, y] = [((column + 0.5) * SCANNED) / DRAWN - 0.5, ((row + 0.5) * SCANNED) / DRAWN - 0.5];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, down] = [x - left, y - top];
    const above = pixel(left, top) * (1 - right) + pixel(left + 1, top) * right;
    const under = pixel(left, top + 1) * (1 - right) + pixel(left + 1, top + 1) * right;
    return above * (1 - down) + under * down;
  });
}

/** Reads `digits.csv.gz` of scikit-learn (UCI, optical recognition of handwritten digits): 64 pixels and a label a line. */
export function readDigits(gzipped: Uint8Array): Digit[] {
  const lines = gunzipSync(gzipped).toString("utf8").trim().split("\n");
  return lines.map((line) => {
    const numbers = line.split(",").map(Number);
    const label = numbers.pop();
    if (label === undefined || numbers.length !== SCANNED ** 2 || !numbers.every((x) => x >= 0 && x <= INK)) {
      throw new TouchstoneError("DIGITS_INVALID", "The file holds no handwritten digits of 8x8 pixels.", {
        next: "Take digits.csv.gz from scikit-learn's sklearn/datasets/data.",
      });
    }
    return { label, pixels: enlarge(numbers) };
  });
}

export interface Margins {
  /** Real inputs. */
  readonly inputs: number;
  /** Inputs whose two largest scores are less than twice the tolerance apart. */
  readonly narrow: number;
  readonly smallest: number;
  readonly median: number;
  /** Of digits with a known label: how many are recognised. */
  readonly recognised: number | undefined;
}

function marginOf({ data }: Tensor): { margin: number; named: number } {
  const scores = Array.from(data as ArrayLike<number>);
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const [first = 0, second = 0] = order;
  return { margin: scores[first]! - scores[second]!, named: first };
}

/** Margins of the real inputs of a classifier with one set of scores; undefined where the subject is none. */
export function measureMargins(
  subject: Subject,
  atol: readonly number[],
  digits: readonly Digit[],
): Margins | undefined {
  const { settings, graph, real } = subject;
  if (settings.classes === undefined) return undefined;
  const { scale, offset } = settings.digits ?? { scale: 1, offset: 0 };
  const drawn = (settings.digits === undefined ? [] : digits).map(({ label, pixels }) => ({
    label,
    inputs: graph.inputs.map(({ dtype, shape }): Tensor => {
      return { dtype, shape, data: Float32Array.from(pixels, (x) => x * scale + offset) };
    }),
  }));
  const given = real.map((inputs) => ({ label: undefined, inputs }));
  const found = [...given, ...drawn].map(({ label, inputs }) => {
    const { margin, named } = marginOf(answer(graph, inputs)[0]!);
    return { margin, isRight: named === label };
  });
  if (found.length === 0) return undefined;
  const margins = found.map(({ margin }) => margin).sort((a, b) => a - b);
  return {
    inputs: found.length,
    narrow: margins.filter((margin) => margin < 2 * (atol[0] ?? 0)).length,
    smallest: margins[0] ?? 0,
    median: margins[margins.length >> 1] ?? 0,
    recognised: drawn.length === 0 ? undefined : found.filter(({ isRight }) => isRight).length,
  };
}
