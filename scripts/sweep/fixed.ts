/*
 * Real functions in fixed point, for an oracle that shares no method with the executors: tables and short series, Halley and
 * Newton steps from a binary64 guess, Gauss-Legendre for pi. A number v is a BigInt near v * 2^s. Results are good to
 * all but the last few of the s bits; what uses them asks for 60 bits more than it needs.
 */

const abs = (x: bigint): bigint => (x < 0n ? -x : x);

export function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}

/** floor(sqrt(n)): Heron's iteration from a binary64 guess. */
export function root(n: bigint): bigint {
  if (n === 0n) return 0n;
  const half = BigInt(Math.max(0, (bitLength(n) >> 1) - 25));
  let r = BigInt(Math.floor(Math.sqrt(Number(n >> (2n * half))))) << half;
  for (let good = 24; good < bitLength(n); good *= 2) r = (r + n / r) >> 1n;
  while (r * r > n) r--;
  while ((r + 1n) * (r + 1n) <= n) r++;
  return r;
}

/** A binary64 number in fixed point: only ever a guess that a later step corrects. */
function fromGuess(value: number, s: number): bigint {
  if (value === 0) return 0n;
  const shift = 53 - Math.ceil(Math.log2(Math.abs(value)));
  const whole = BigInt(Math.round(value * 2 ** shift));
  return shift <= s ? whole << BigInt(s - shift) : whole >> BigInt(shift - s);
}

function toNumber(value: bigint, s: number): number {
  return Number(value) * 2 ** -s;
}

const DEEP = 640;

/** pi by Gauss and Legendre, at DEEP bits. */
const deepPi = ((): bigint => {
  const s = BigInt(DEEP + 32);
  let a = 1n << s;
  let b = root(1n << (2n * s - 1n));
  let t = 1n << (s - 2n);
  for (let p = 1n; abs(a - b) > 4n; p *= 2n) {
    const mean = (a + b) >> 1n;
    t -= (p * (a - mean) * (a - mean)) >> s;
    b = root(a * b);
    a = mean;
  }
  return (((a + b) * (a + b)) / (4n * t)) >> 32n;
})();

const piAt = (s: number): bigint => deepPi >> BigInt(DEEP - s);

/** e^x for |x| < 1/2 by the plain series at x / 2^32 and 32 squarings. */
function expBySquaring(x: bigint, s: number): bigint {
  const spare = 64;
  const w = BigInt(s + spare);
  const small = (x << BigInt(spare)) >> 32n;
  let term = 1n << w;
  let sum = term;
  for (let n = 1n; abs(term) > 1n; n++) {
    term = ((term * small) >> w) / n;
    sum += term;
  }
  for (let k = 0; k < 32; k++) sum = (sum * sum) >> w;
  return sum >> BigInt(spare);
}

const tables = new Map<string, unknown>();

function memo<T>(key: string, make: () => T): T {
  let value = tables.get(key) as T | undefined;
  if (value === undefined) tables.set(key, (value = make()));
  return value;
}

/** log 2 as the root of e^-z = 1/2 next to the binary64 guess: e^(log 2 / 2) squared is 2. */
const ln2At = (s: number): bigint =>
  memo(`ln2 ${s}`, () => {
    const w = s + 32;
    let z = fromGuess(Math.LN2, w);
    for (let k = 0; k < 3; k++) {
      const half = expBySquaring(z >> 1n, w);
      const e = (half * half) >> BigInt(w);
      const two = 2n << BigInt(w);
      z += ((2n * (two - e)) << BigInt(w)) / (two + e);
    }
    return z >> 32n;
  });

/** e^x = mantissa 2^exponent, mantissa in (0.7, 1.5) at scale s; |x| < 2^9. */
export function exp(x: bigint, s: number): { mantissa: bigint; exponent: number } {
  const ln2 = ln2At(s + 16);
  const exponent = Math.round(toNumber(x, s) / Math.LN2);
  const r = ((x << 16n) - BigInt(exponent) * ln2) >> 16n;
  const i = Math.round(toNumber(r, s) * 256);
  const rest = r - ((BigInt(i) << BigInt(s)) >> 8n);
  const w = BigInt(s);
  let term = memo(`exp ${s} ${i}`, () => expBySquaring((BigInt(i) << w) >> 8n, s));
  let sum = term;
  for (let n = 1n; abs(term) > 1n; n++) {
    term = ((term * rest) >> w) / n;
    sum += term;
  }
  return { mantissa: sum, exponent };
}

/** e^x as a fixed-point number. */
export function expFixed(x: bigint, s: number): bigint {
  const { mantissa, exponent } = exp(x, s);
  return exponent < 0 ? mantissa >> BigInt(-exponent) : mantissa << BigInt(exponent);
}

/** log y for a fixed-point y > 0: one step of Halley's from binary64, 50 bits to 150. */
export function log(y: bigint, s: number): bigint {
  const one = 1n << BigInt(s);
  let k = bitLength(y) - 1 - s;
  const scaled = (): bigint => (k < 0 ? y << BigInt(-k) : y >> BigInt(k));
  if (toNumber(scaled(), s) > 1.4) k++;
  const m = scaled();
  const z = fromGuess(Math.log1p(toNumber(m - one, s)), s);
  const e = expFixed(z, s);
  return z + ((2n * (m - e)) << BigInt(s)) / (m + e) + ((BigInt(k) * ln2At(s + 16)) >> 16n);
}

interface Angle {
  readonly sin: bigint;
  readonly cos: bigint;
}

/** sin and cos of i/128: the series at 2^-32 of it, doubled 32 times as a complex square. */
function tableAngle(i: number, s: number): Angle {
  return memo(`angle ${s} ${i}`, () => {
    const w = BigInt(s + 64);
    const x = (BigInt(i) << w) >> 39n;
    let [sin, cos] = [x - ((((x * x) >> w) * x) >> w) / 6n, (1n << w) - ((x * x) >> (w + 1n))];
    const fourth = (((x * x) >> w) * ((x * x) >> w)) >> w;
    cos += fourth / 24n;
    sin += ((fourth * x) >> w) / 120n;
    const sixth = (fourth * ((x * x) >> w)) >> w;
    cos -= sixth / 720n;
    sin -= ((sixth * x) >> w) / 5040n;
    for (let k = 0; k < 32; k++) {
      [sin, cos] = [(2n * sin * cos) >> w, (cos * cos - sin * sin) >> w];
    }
    return { sin: sin >> 64n, cos: cos >> 64n };
  });
}

/** sin and cos of a fixed-point angle, |x| < 2^9. */
function sinCos(x: bigint, s: number): Angle {
  const w = BigInt(s);
  const quarter = piAt(s + 16);
  const turns = BigInt(Math.round((toNumber(x, s) * 2) / Math.PI));
  const r = ((x << 16n) - ((turns * quarter) >> 1n)) >> 16n;
  const i = Math.round(toNumber(r, s) * 128);
  const d = r - ((BigInt(i) << w) >> 7n);
  const square = (d * d) >> w;
  const series = (first: bigint, from: bigint): bigint => {
    let term = first;
    let sum = first;
    for (let n = from; abs(term) > 1n; n += 2n) {
      term = -((term * square) >> w) / (n * (n + 1n));
      sum += term;
    }
    return sum;
  };
  const [sd, cd] = [series(d, 2n), series(1n << w, 1n)];
  const { sin, cos } = tableAngle(i, s);
  const S = (sin * cd + cos * sd) >> w;
  const C = (cos * cd - sin * sd) >> w;
  switch (Number(BigInt.asUintN(2, turns))) {
    case 0:
      return { sin: S, cos: C };
    case 1:
      return { sin: C, cos: -S };
    case 2:
      return { sin: -S, cos: -C };
    default:
      return { sin: -C, cos: S };
  }
}

/** sin and cos of m * 2^e, any size. */
export function sinCosOf(m: bigint, e: number, s: number): Angle {
  if (e + bitLength(m) < 8) return sinCos(e + s >= 0 ? m << BigInt(e + s) : m >> BigInt(-e - s), s);
  // Whole turns go: pi has as many more bits as the number has before its point.
  const extra = Math.max(0, e + bitLength(m)) + 8;
  const full = 2n * piAt(s + extra);
  const wide = e + s + extra >= 0 ? m << BigInt(e + s + extra) : m >> BigInt(-e - s - extra);
  return sinCos((wide % full) >> BigInt(extra), s);
}

/** The angle of the point (d, n) in (-pi, pi], n and d at the same scale: Newton's correction of a binary64 guess. */
export function angleOf(n: bigint, d: bigint, s: number): bigint {
  const guess = fromGuess(Math.atan2(toNumber(n, s), toNumber(d, s)), s);
  const { sin, cos } = sinCos(guess, s);
  const w = ((n * cos - d * sin) << BigInt(s)) / (d * cos + n * sin);
  return guess + w - ((((w * w) >> BigInt(s)) * w) >> BigInt(s)) / 3n;
}

/** erf x for 0 <= x < 4: the alternating series of its integral, with bits to spare for terms up to e^16. */
export function erf(x: bigint, s: number): bigint {
  const w = BigInt(s + 40);
  const wide = x << 40n;
  const square = (wide * wide) >> w;
  let power = wide;
  let sum = wide;
  for (let n = 1n; power !== 0n && power !== -1n; n++) {
    power = -((power * square) >> w) / n;
    sum += power / (2n * n + 1n);
  }
  const rootPi = root(piAt(s + 40) << w);
  return (((2n * sum) << w) / rootPi) >> 40n;
}
