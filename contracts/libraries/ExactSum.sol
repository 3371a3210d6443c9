// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Binary32 } from "./Binary32.sol";

/// Packed binary32 operands of a dot. A step of 32 walks through memory; a step of 0 reads one word again and again.
struct DotTerms {
    /// Memory positions of the first words.
    uint256 a;
    uint256 b;
    uint256 stepA;
    uint256 stepB;
    /// Number of products, at least 1.
    uint256 count;
    bool hasBias;
    uint256 bias;
}

/// @title Correctly rounded sums of products of binary32 numbers
/// @notice docs/audit.md, 4, `dot`, `sum` and `mean`: the exact sum of exact products, rounded once.
/// @dev A product of finite numbers is m * 2^(E - 300) with |m| < 2^48 and E, the sum of the exponent fields (1 for subnormal
/// numbers), from 2 to 508. The fast pass adds up m << (E - BASE) in one word, eight products at a time; it gives up where an
/// E of a product other than 0 leaves the window or an operand is infinite or NaN. Then the slow pass adds every product to
/// one of four words by the high bits of E. A readable reference and a differential test are in test/contracts/libraries.
library ExactSum {
    /// Smallest E of the fast pass: products from 2^-156 to 2^83 in all their bits.
    uint256 private constant BASE = 144;
    /// Exponents of the fast pass: 192 + 48 bits, the sign and WORDS_LIMIT leave room in a word.
    uint256 private constant WINDOW = 192;
    /// More products than this might overflow the fast pass's word.
    uint256 private constant COUNT_LIMIT = 1 << 14;
    /// value = word * 2^(base - 300) for a word whose products are shifted by E - base.
    int256 private constant UNIT = -300;

    /// The number 1 in each of the eight lanes of a word.
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// Terms without a finite value, as bits.
    uint256 private constant INFINITE = 1;
    uint256 private constant NEGATIVE_INFINITE = 2;
    uint256 private constant NOT_A_NUMBER = 4;

    /// An exact value +-(mantissa + less than 1 if sticky) * 2^exponent, or what the result has to be in `bits`.
    struct Total {
        bool special;
        uint256 bits;
        bool negative;
        uint256 mantissa;
        int256 exponent;
        bool sticky;
    }

    /// @notice RN of the exact sum of products, plus the bias.
    function dot(DotTerms memory terms) internal pure returns (uint256) {
        Total memory total = _total(terms);
        if (total.special) return total.bits;
        return Binary32.round(total.negative, total.mantissa, total.exponent, total.sticky);
    }

    /// @notice RN of the exact sum of products divided by their number; no bias.
    function mean(DotTerms memory terms) internal pure returns (uint256) {
        Total memory total = _total(terms);
        if (total.special) return total.bits;
        unchecked {
            // With the highest bit set the quotient by a count below 2^31 has far more bits than rounding needs. An inexact
            // total has it set already.
            uint256 shift = 255 - Math.log2(total.mantissa);
            uint256 mantissa = total.mantissa << shift;
            bool sticky = total.sticky || mantissa % terms.count != 0;
            return Binary32.round(total.negative, mantissa / terms.count, total.exponent - int256(shift), sticky);
        }
    }

    function _total(DotTerms memory terms) private pure returns (Total memory total) {
        (bool done, int256 sum) = _fastTotal(terms);
        if (done) {
            total.negative = sum < 0;
            total.mantissa = sum < 0 ? uint256(-sum) : uint256(sum);
            total.exponent = int256(BASE) + UNIT;
        } else {
            total = _slowTotal(terms);
        }
        if (!total.special && total.mantissa == 0) {
            total.special = true;
            total.bits = Binary32.zero(_allNegativeZero(terms));
        }
    }

    /// @return done Whether all terms lie in the window.
    function _fastTotal(DotTerms memory terms) private pure returns (bool done, int256 sum) {
        unchecked {
            if (terms.count > COUNT_LIMIT) return (false, 0);
            uint256 words = terms.count / 8;
            uint256 flags;
            (sum, flags) = _fastWords(terms.a, terms.b, terms.stepA, terms.stepB, words);
            uint256 rest = terms.count % 8;
            if (rest != 0) {
                // The last, partial word of one operand with zeros in the lanes beyond the count; of the other one the same
                // lanes may hold anything, also NaNs.
                uint256 scratch;
                uint256 mask = ~(type(uint256).max >> (32 * rest));
                (uint256 a, uint256 b) = (terms.a + terms.stepA * words, terms.b + terms.stepB * words);
                assembly ("memory-safe") {
                    scratch := mload(0x40)
                    mstore(0x40, add(scratch, 64))
                    mstore(scratch, and(mload(a), mask))
                    mstore(add(scratch, 32), and(mload(b), mask))
                }
                (int256 part, uint256 more) = _fastWords(scratch, scratch + 32, 0, 0, 1);
                sum += part;
                flags |= more;
            }
            if (terms.hasBias) {
                uint256 field = (terms.bias >> 23) & 0xff;
                uint256 m = terms.bias & 0x7fffff;
                if (field != 0) m |= 1 << 23;
                else field = 1;
                // The bias is m * 2^(field - 150).
                uint256 shift = field + 150 - BASE;
                if (shift > WINDOW + 24) return (false, 0);
                int256 term = int256(m << shift);
                sum += terms.bias >> 31 == 1 ? -term : term;
            }
            return (flags & (ONES * 0x700) == 0, sum);
        }
    }

    /// Adds up the products of `words` pairs of words.
    /// @return sum Sum of the products, shifted by E - BASE.
    /// @return flags Bits 8, 9 or 10 of a lane are set where a term does not fit.
    function _fastWords(
        uint256 a,
        uint256 b,
        uint256 stepA,
        uint256 stepB,
        uint256 words
    ) private pure returns (int256 sum, uint256 flags) {
        assembly ("memory-safe") {
            let fields := mul(ONES, 0xff)
            for {} words {
                words := sub(words, 1)
            } {
                let x := mload(a)
                let y := mload(b)
                a := add(a, stepA)
                b := add(b, stepB)
                let negative := and(shr(31, xor(x, y)), ONES)
                let ex := and(shr(23, x), fields)
                let ey := and(shr(23, y), fields)
                // 1 in lanes of normal numbers.
                let nx := and(shr(8, add(ex, fields)), ONES)
                let ny := and(shr(8, add(ey, fields)), ONES)
                x := or(and(x, mul(ONES, 0x7fffff)), shl(23, nx))
                y := or(and(y, mul(ONES, 0x7fffff)), shl(23, ny))
                // 1 in lanes whose product is not 0.
                let some := and(and(shr(24, add(x, mul(ONES, 0xffffff))), shr(24, add(y, mul(ONES, 0xffffff)))), ONES)
                // E - BASE in 10 bits, where the window is [0, 192): 512 keeps lanes from borrowing, and is taken off again.
                let shift := sub(add(add(ex, ey), mul(ONES, sub(514, BASE))), add(nx, ny))
                shift := and(xor(shift, mul(ONES, 512)), mul(some, 0x3ff))
                // Adding 64 carries what is 192 or more to bit 8; adding 1 carries a field of 255 there.
                flags := or(flags, or(add(shift, mul(ONES, 64)), or(add(ex, ONES), add(ey, ONES))))
                // The signed mantissa of one in 25 bits; that of the other with the shift above it.
                x := add(xor(x, mul(negative, 0x1ffffff)), negative)
                y := or(y, shl(24, shift))
                sum := add(sum, shl(byte(28, y), mul(sar(231, shl(231, x)), and(y, 0xffffff))))
                sum := add(sum, shl(byte(24, y), mul(sar(231, shl(199, x)), and(shr(32, y), 0xffffff))))
                sum := add(sum, shl(byte(20, y), mul(sar(231, shl(167, x)), and(shr(64, y), 0xffffff))))
                sum := add(sum, shl(byte(16, y), mul(sar(231, shl(135, x)), and(shr(96, y), 0xffffff))))
                sum := add(sum, shl(byte(12, y), mul(sar(231, shl(103, x)), and(shr(128, y), 0xffffff))))
                sum := add(sum, shl(byte(8, y), mul(sar(231, shl(71, x)), and(shr(160, y), 0xffffff))))
                sum := add(sum, shl(byte(4, y), mul(sar(231, shl(39, x)), and(shr(192, y), 0xffffff))))
                sum := add(sum, shl(byte(0, y), mul(sar(231, shl(7, x)), and(shr(224, y), 0xffffff))))
            }
        }
    }

    function _slowTotal(DotTerms memory terms) private pure returns (Total memory total) {
        int256[4] memory words;
        uint256 seen = _slowTerms(words, terms.a, terms.b, terms.stepA / 8, terms.stepB / 8, terms.count);
        if (terms.hasBias) {
            uint256 bias;
            uint256 one;
            uint256[2] memory factors = [terms.bias << 224, Binary32.ONE << 224];
            assembly ("memory-safe") {
                bias := factors
                one := add(factors, 32)
            }
            seen |= _slowTerms(words, bias, one, 0, 0, 1);
        }
        if (seen != 0) {
            total.special = true;
            total.bits =
                seen == INFINITE
                    ? Binary32.INFINITY
                    : seen == NEGATIVE_INFINITE
                        ? Binary32.infinity(true)
                        : Binary32.NAN;
            return total;
        }
        _combine(words, total);
    }

    /// Adds every product to the word that its exponent belongs to.
    /// @return seen NOT_A_NUMBER, INFINITE and NEGATIVE_INFINITE as such terms occur.
    function _slowTerms(
        int256[4] memory words,
        uint256 a,
        uint256 b,
        uint256 stepA,
        uint256 stepB,
        uint256 count
    ) private pure returns (uint256 seen) {
        assembly ("memory-safe") {
            for {} count {
                count := sub(count, 1)
            } {
                let x := shr(224, mload(a))
                let y := shr(224, mload(b))
                a := add(a, stepA)
                b := add(b, stepB)
                let negative := shr(31, xor(x, y))
                x := and(x, 0x7fffffff)
                y := and(y, 0x7fffffff)
                let ex := shr(23, x)
                let ey := shr(23, y)
                if or(eq(ex, 0xff), eq(ey, 0xff)) {
                    let nan := or(gt(x, 0x7f800000), gt(y, 0x7f800000))
                    nan := or(nan, or(iszero(x), iszero(y)))
                    switch nan
                    case 0 {
                        seen := or(seen, shl(negative, INFINITE))
                    }
                    default {
                        seen := or(seen, NOT_A_NUMBER)
                    }
                    continue
                }
                // Normal numbers have a hidden bit, the others the exponent of the smallest normal ones.
                x := or(and(x, 0x7fffff), shl(23, iszero(iszero(ex))))
                y := or(and(y, 0x7fffff), shl(23, iszero(iszero(ey))))
                let e := add(add(ex, iszero(ex)), add(ey, iszero(ey)))
                let product := shl(and(e, 127), mul(x, y))
                let word := add(words, shl(5, shr(7, e)))
                mstore(word, add(mload(word), add(xor(product, sub(0, negative)), negative)))
            }
        }
    }

    /// The value of words of which each counts 2^128 times the one before it.
    function _combine(int256[4] memory words, Total memory total) private pure {
        unchecked {
            (int256 top, uint256[3] memory digits) = _carry(words);
            if (top < 0) {
                total.negative = true;
                for (uint256 i; i < 4; ++i) words[i] = -words[i];
                (top, digits) = _carry(words);
            }
            // value = (high * 2^256 + middle + low / 2^256) * 2^(UNIT + 128)
            (uint256 high, uint256 middle, uint256 low) = (
                uint256(top),
                (digits[2] << 128) | digits[1],
                digits[0] << 128
            );
            total.exponent = UNIT + 128;
            if (high == 0) {
                if (middle == 0) {
                    (total.mantissa, total.exponent) = (digits[0], UNIT);
                    return;
                }
                (high, middle, low) = (middle, low, 0);
            } else {
                total.exponent += 256;
            }
            uint256 shift = 255 - Math.log2(high);
            total.exponent -= int256(shift);
            total.mantissa = (high << shift) | (middle >> (256 - shift));
            total.sticky = (middle << shift) | low != 0;
        }
    }

    /// Passes on from word to word what is beyond 128 bits.
    function _carry(int256[4] memory words) private pure returns (int256 top, uint256[3] memory digits) {
        unchecked {
            for (uint256 i; i < 3; ++i) {
                top += words[i];
                digits[i] = uint256(uint128(uint256(top)));
                top >>= 128;
            }
            top += words[3];
        }
    }

    /// Whether every term of a sum that is 0 is -0.
    function _allNegativeZero(DotTerms memory terms) private pure returns (bool all) {
        if (terms.hasBias && terms.bias != Binary32.SIGN) return false;
        (uint256 a, uint256 b, uint256 count) = (terms.a, terms.b, terms.count);
        (uint256 stepA, uint256 stepB) = (terms.stepA / 8, terms.stepB / 8);
        assembly ("memory-safe") {
            for {
                all := 1
            } count {
                count := sub(count, 1)
            } {
                let x := shr(224, mload(a))
                let y := shr(224, mload(b))
                let zero := iszero(and(and(x, 0x7fffffff), sub(0, iszero(iszero(and(y, 0x7fffffff))))))
                if iszero(and(zero, shr(31, xor(x, y)))) {
                    all := 0
                    break
                }
                a := add(a, stepA)
                b := add(b, stepB)
            }
        }
    }
}
