/**
 * Factor on a bound of the sum of absolute products that gives the radius within which the exact sum lies around its binary64
 * approximation.
 *
 * Products are exact. Let u = 2^-53, and D the most additions that a term passes through. Then, whatever the order of summation, each
 * term x reaches the result as x (1 + d1) ... (1 + dD) with |di| <= u, so that the error is at most ((1 + u)^D - 1) M
 * <= D u (1 + D u) M, with M the sum of absolute products and bias. The kernels add in blocks: of `count` terms, at most 64 in a
 * block and one addition for each of ceil(count / 64) blocks (fewer where two or four terms share an addition). Eight spare
 * roundings cover the bias, the joining of lanes and of the last three terms, a division, and adding the radius itself.
 *
 * M is bounded by a lane's sum of magnitudes times the largest magnitude in the windows, or by the sum itself where it is formed: its
 * own `count` roundings are the term count * 2^-52. Only finite numbers count in it: a term that is none makes the sum infinite or
 * NaN, which needs no radius. Nothing under- or overflows: products lie in [2^-298, 2^256], or are 0.
 */
export function radiusFactor(count: number): number {
  return factorOf(depthOf(count), count);
}

/**
 * The same for sums that are formed four at a time by Winograd's F(2x2, 3x3), of `channels` times nine terms, on M as above.
 *
 * A number of B' d B is a sum of four numbers with signs, each through two additions, and is at most four times the largest, L. One of
 * G g G' is a sum of the nine numbers of a filter, each through four additions and exact halvings. A product of the two, which is not
 * exact, passes through its own rounding and those of the sum over channels, and a result joins nine such sums by four additions:
 * eleven roundings more than a sum of `channels` exact products. Without rounding, the absolute values of all that is joined add up
 * to at most 4 L times (2 |g0| + |g1| + |g2|, or |g0| + |g1| + 2 |g2|, in rows as in columns), so to 16 L times the sum of |g|.
 */
export function neighbourRadiusFactor(channels: number): number {
  return 16 * factorOf(depthOf(channels) + 11, 9 * channels);
}

function depthOf(count: number): number {
  return Math.min(count, 64) + Math.ceil(count / 64);
}

function factorOf(depth: number, count: number): number {
  return (depth + 8) * 2 ** -53 * (1 + 2 ** -30 + count * 2 ** -52);
}
