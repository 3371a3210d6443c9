import { decode, NAN, zero } from "./binary32.js";
import { EXPONENTIAL } from "./exponential.js";
import { LOGARITHMIC } from "./logarithmic.js";
import type { Rule } from "./rule.js";
import { TRIGONOMETRIC } from "./trigonometric.js";
import { type Enclosure, roundDecided } from "./ziv.js";

/*
 * Transcendental functions of one binary32 operand. By the theorem of Lindemann and Weierstrass their values at the arguments that
 * reach `roundDecided` are irrational, so that rounding is always decided: the exceptions are the exact values listed per
 * function. For erf no such theorem is known; its few hundred million arguments below 4 are far from undecided (2^-33 of a unit in
 * the last place), and an undecided one would end in an error.
 */

const RULES = { ...EXPONENTIAL, ...LOGARITHMIC, ...TRIGONOMETRIC } satisfies Record<string, Rule>;

type Unary = (bits: bigint) => bigint;

function unary(rule: Rule): Unary {
  return (bits) => {
    const x = decode(bits);
    if (x.kind === "nan") return NAN;
    if (x.kind === "inf") return x.negative ? rule.negativeInfinity : rule.positiveInfinity;
    if (x.mantissa === 0n) return rule.zero === "keep" ? zero(x.negative) : rule.zero;
    const value = rule.finite(x);
    return typeof value === "bigint" ? value : roundDecided(value);
  };
}

/**
 * An enclosure of the value at binary32 bits with about `precision` good bits; undefined where the value is exact or known
 * without a series. For measuring other implementations.
 */
export function encloseElementary(fn: ElementaryFn, bits: bigint, precision: number): Enclosure | undefined {
  const x = decode(bits);
  if (x.kind !== "finite" || x.mantissa === 0n) return undefined;
  const rule: Rule = RULES[fn];
  const value = rule.finite(x);
  return typeof value === "bigint" ? undefined : value(precision);
}

export type ElementaryFn = keyof typeof RULES;

/** RN of each function at binary32 bits, every special value included. */
export const ELEMENTARY = Object.fromEntries(
  Object.entries<Rule>(RULES).map(([name, rule]) => [name, unary(rule)]),
) as Record<ElementaryFn, Unary>;
