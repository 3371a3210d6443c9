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
    /// Number of products, at least 1 and below 2^31.
    uint256 count;
    bool hasBias;
    uint256 bias;
}

/// @title Correctly rounded sums of products of binary32 numbers
/// @notice docs/audit.md, 4, `dot`, `sum` and `mean`: the exact sum of exact products, rounded once.
/// @dev A product of finite numbers is m * 2^(E - 300) with |m| < 2^48 and E, the sum of the exponent fields (1 for subnormal
/// numbers), from 2 to 508. Both passes take eight products at a time, one in each 32-bit lane of a word.
/// The narrow pass adds up m << (E - BASE) in one word; it is void where E of a product other than 0 leaves the window.
/// The wide pass adds every m << (E mod 128) to one of four words, by E / 128.
/// The readable reference is src/audit/exec/reference/sum.ts; test/contracts/audit/reduce.test.ts compares both.
library ExactSum {
    /// Smallest E of the narrow pass: products from 2^-156 to 2^83 in all their bits.
    uint256 private constant BASE = 144;
    /// Number of exponents of the narrow pass.
    uint256 private constant WINDOW = 192;
    /// Most products of the narrow pass: 192 + 48 + 14 bits leave room for a sign and the bias.
    uint256 private constant NARROW_COUNT = 1 << 14;
    /// Weight of the lowest bit of a word that E = 0 is shifted by nothing in.
    int256 private constant UNIT = -300;

    /// The number 1 in each lane.
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// An exact value +-(mantissa + a part of less than 1 if sticky) * 2^exponent; or what any rounding of it is, in `bits`.
    struct Total {
        bool decided;
        uint256 bits;
        bool negative;
        uint256 mantissa;
        int256 exponent;
        bool sticky;
    }

    /// @notice RN of the exact sum of products, plus the bias.
    function dot(DotTerms memory terms) internal pure returns (uint256) {
        Total memory total = _total(terms);
        if (total.decided) return total.bits;
        return Binary32.round(total.negative, total.mantissa, total.exponent, total.sticky);
    }

    /// @notice RN of the exact sum of products divided by their number; no bias.
    function mean(DotTerms memory terms) internal pure returns (uint256) {
        Total memory total = _total(terms);
        if (total.decided) return total.bits;
        unchecked {
            // With the highest bit set, the quotient by a count below 2^31 has far more bits than rounding needs. An inexact
            // total has it set already.
            uint256 shift = 255 - Math.log2(total.mantissa);
            uint256 mantissa = total.mantissa << shift;
            bool sticky = total.sticky || mantissa % terms.count != 0;
            return Binary32.round(total.negative, mantissa / terms.count, total.exponent - int256(shift), sticky);
        }
    }

    function _total(DotTerms memory terms) private pure returns (Total memory total) {
        (uint256 restA, uint256 restB) = _rest(terms);
        if (!_narrowTotal(terms, restA, restB, total) && !_wideTotal(terms, restA, restB, total)) {
            (total.decided, total.bits) = (true, _unboundedTotal(terms));
        } else if (total.mantissa == 0) {
            (total.decided, total.bits) = (true, Binary32.zero(_allNegativeZero(terms)));
        }
    }

    /// Memory positions of the last words where the count does not fill them, with zeros in the lanes beyond it.
    function _rest(DotTerms memory terms) private pure returns (uint256 restA, uint256 restB) {
        unchecked {
            uint256 words = terms.count / 8;
            uint256 mask = ~(type(uint256).max >> (32 * (terms.count % 8)));
            (uint256 a, uint256 b) = (terms.a + terms.stepA * words, terms.b + terms.stepB * words);
            assembly ("memory-safe") {
                restA := mload(0x40)
                restB := add(restA, 32)
                mstore(0x40, add(restA, 64))
                if mask {
                    mstore(restA, and(mload(a), mask))
                    mstore(restB, and(mload(b), mask))
                }
            }
        }
    }

    /// @return Whether the pass is valid: all terms are finite and lie in the window.
    function _narrowTotal(
        DotTerms memory terms,
        uint256 restA,
        uint256 restB,
        Total memory total
    ) private pure returns (bool) {
        unchecked {
            if (terms.count > NARROW_COUNT) return false;
            (int256 sum, uint256 flags) = _narrowWords(terms.a, terms.b, terms.stepA, terms.stepB, terms.count / 8);
            if (terms.count % 8 != 0) {
                (int256 part, uint256 more) = _narrowWords(restA, restB, 0, 0, 1);
                sum += part;
                flags |= more;
            }
            if (terms.hasBias) {
                uint256 field = (terms.bias >> 23) & 0xff;
                uint256 m = terms.bias & 0x7fffff;
                if (field == 0) field = 1;
                else m |= 1 << 23;
                // The bias is m * 2^(field - 150).
                uint256 shift = field + 150 - BASE;
                if (shift > WINDOW + 24) return false;
                sum += terms.bias & Binary32.SIGN == 0 ? int256(m << shift) : -int256(m << shift);
            }
            if (flags & (ONES * 0x700) != 0) return false;
            total.negative = sum < 0;
            total.mantissa = sum < 0 ? uint256(-sum) : uint256(sum);
            total.exponent = int256(BASE) + UNIT;
            return true;
        }
    }

    /// Adds up the products of `words` pairs of words.
    /// @return sum Sum of the products, shifted by E - BASE.
    /// @return flags Bits 8, 9 or 10 of a lane are set where a term is not finite or lies outside the window.
    function _narrowWords(
        uint256 a,
        uint256 b,
        uint256 stepA,
        uint256 stepB,
        uint256 words
    ) private pure returns (int256 sum, uint256 flags) {
        assembly ("memory-safe") {
            for {} words {
                words := sub(words, 1)
            } {
                let x := mload(a)
                let y := mload(b)
                a := add(a, stepA)
                b := add(b, stepB)
                let negative := and(shr(31, xor(x, y)), ONES)
                let ex := and(shr(23, x), mul(ONES, 0xff))
                let ey := and(shr(23, y), mul(ONES, 0xff))
                flags := or(flags, or(add(ex, ONES), add(ey, ONES)))
                // 1 in lanes of normal numbers, which have a hidden bit.
                let nx := and(shr(8, add(ex, mul(ONES, 0xff))), ONES)
                let ny := and(shr(8, add(ey, mul(ONES, 0xff))), ONES)
                x := or(and(x, mul(ONES, 0x7fffff)), shl(23, nx))
                y := or(and(y, mul(ONES, 0x7fffff)), shl(23, ny))
                // E - BASE in 10 bits, where the window is [0, WINDOW): 512 keeps lanes from borrowing, and is taken off again.
                let shift := sub(add(add(ex, ey), mul(ONES, sub(514, BASE))), add(nx, ny))
                // All ones in lanes whose product is not 0; the others do not care for their exponent.
                nx := and(and(shr(24, add(x, mul(ONES, 0xffffff))), shr(24, add(y, mul(ONES, 0xffffff)))), ONES)
                shift := and(xor(shift, mul(ONES, 512)), mul(nx, 0x3ff))
                // Carries what is WINDOW or more to bit 8, as above a field of 255.
                flags := or(flags, add(shift, mul(ONES, sub(256, WINDOW))))
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

    /// @return Whether the pass is valid: all terms are finite.
    function _wideTotal(
        DotTerms memory terms,
        uint256 restA,
        uint256 restB,
        Total memory total
    ) private pure returns (bool) {
        unchecked {
            int256[4] memory words;
            uint256 flags = _wideWords(words, terms.a, terms.b, terms.stepA, terms.stepB, terms.count / 8);
            if (terms.count % 8 != 0) flags |= _wideWords(words, restA, restB, 0, 0, 1);
            if (terms.hasBias) {
                // One lane with the bias times 1, the others with 0.
                (uint256 bias, uint256 one) = (terms.bias, Binary32.ONE);
                assembly ("memory-safe") {
                    mstore(restA, bias)
                    mstore(restB, one)
                }
                flags |= _wideWords(words, restA, restB, 0, 0, 1);
            }
            if (flags & (ONES << 8) != 0) return false;
            _combine(words, total);
            return true;
        }
    }

    /// Adds the products of `count` pairs of words to the words that their exponents belong to.
    /// @return flags Bit 8 of a lane is set where a term is not finite.
    function _wideWords(
        int256[4] memory words,
        uint256 a,
        uint256 b,
        uint256 stepA,
        uint256 stepB,
        uint256 count
    ) private pure returns (uint256 flags) {
        assembly ("memory-safe") {
            for {} count {
                count := sub(count, 1)
            } {
                let x := mload(a)
                let y := mload(b)
                a := add(a, stepA)
                b := add(b, stepB)
                // As in the narrow pass, up to the exponent.
                let negative := and(shr(31, xor(x, y)), ONES)
                let ex := and(shr(23, x), mul(ONES, 0xff))
                let ey := and(shr(23, y), mul(ONES, 0xff))
                flags := or(flags, or(add(ex, ONES), add(ey, ONES)))
                let nx := and(shr(8, add(ex, mul(ONES, 0xff))), ONES)
                let ny := and(shr(8, add(ey, mul(ONES, 0xff))), ONES)
                x := or(and(x, mul(ONES, 0x7fffff)), shl(23, nx))
                y := or(and(y, mul(ONES, 0x7fffff)), shl(23, ny))
                x := add(xor(x, mul(negative, 0x1ffffff)), negative)
                let e := sub(add(add(ex, ey), mul(ONES, 2)), add(nx, ny))
                let product
                let word
                product := mul(sar(231, shl(231, x)), and(y, 0xffffff))
                word := add(words, and(shr(2, e), 0x60))
                mstore(word, add(mload(word), shl(and(e, 0x7f), product)))
                product := mul(sar(231, shl(199, x)), and(shr(32, y), 0xffffff))
                word := add(words, and(shr(34, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(32, e), 0x7f), product)))
                product := mul(sar(231, shl(167, x)), and(shr(64, y), 0xffffff))
                word := add(words, and(shr(66, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(64, e), 0x7f), product)))
                product := mul(sar(231, shl(135, x)), and(shr(96, y), 0xffffff))
                word := add(words, and(shr(98, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(96, e), 0x7f), product)))
                product := mul(sar(231, shl(103, x)), and(shr(128, y), 0xffffff))
                word := add(words, and(shr(130, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(128, e), 0x7f), product)))
                product := mul(sar(231, shl(71, x)), and(shr(160, y), 0xffffff))
                word := add(words, and(shr(162, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(160, e), 0x7f), product)))
                product := mul(sar(231, shl(39, x)), and(shr(192, y), 0xffffff))
                word := add(words, and(shr(194, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(192, e), 0x7f), product)))
                product := mul(sar(231, shl(7, x)), and(shr(224, y), 0xffffff))
                word := add(words, and(shr(226, e), 0x60))
                mstore(word, add(mload(word), shl(and(shr(224, e), 0x7f), product)))
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
            // value = (high * 2^256 + middle + low / 2^256) * 2^exponent
            uint256 high = uint256(top);
            uint256 middle = (digits[2] << 128) | digits[1];
            uint256 low = digits[0] << 128;
            int256 exponent = UNIT + 128;
            if (high == 0 && middle == 0) {
                (total.mantissa, total.exponent) = (digits[0], UNIT);
                return;
            }
            if (high == 0) (high, middle, low) = (middle, low, 0);
            else exponent += 256;
            uint256 shift = 255 - Math.log2(high);
            total.mantissa = (high << shift) | (middle >> (256 - shift));
            total.sticky = (middle << shift) | low != 0;
            total.exponent = exponent - int256(shift);
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

    /// What a sum with infinite or NaN operands comes to.
    function _unboundedTotal(DotTerms memory terms) private pure returns (uint256) {
        unchecked {
            bool positive;
            bool negative;
            for (uint256 i; i < terms.count; ++i) {
                uint256 x = _lane(terms.a + i * (terms.stepA / 8));
                uint256 y = _lane(terms.b + i * (terms.stepB / 8));
                if (!_isUnbounded(x) && !_isUnbounded(y)) continue;
                if (Binary32.isNaN(x) || Binary32.isNaN(y) || Binary32.isZero(x) || Binary32.isZero(y))
                    return Binary32.NAN;
                if ((x ^ y) & Binary32.SIGN == 0) positive = true;
                else negative = true;
            }
            if (terms.hasBias && Binary32.isNaN(terms.bias)) return Binary32.NAN;
            if (terms.hasBias && Binary32.isInfinite(terms.bias)) {
                if (terms.bias & Binary32.SIGN == 0) positive = true;
                else negative = true;
            }
            return positive && negative ? Binary32.NAN : Binary32.infinity(negative);
        }
    }

    /// Whether every term of a sum that is 0 is -0.
    function _allNegativeZero(DotTerms memory terms) private pure returns (bool) {
        unchecked {
            if (terms.hasBias && terms.bias != Binary32.SIGN) return false;
            for (uint256 i; i < terms.count; ++i) {
                uint256 x = _lane(terms.a + i * (terms.stepA / 8));
                uint256 y = _lane(terms.b + i * (terms.stepB / 8));
                if ((x ^ y) & Binary32.SIGN == 0 || !(Binary32.isZero(x) || Binary32.isZero(y))) return false;
            }
            return true;
        }
    }

    function _isUnbounded(uint256 bits) private pure returns (bool) {
        return bits & Binary32.MAGNITUDE >= Binary32.INFINITY;
    }

    /// The number at a memory position.
    function _lane(uint256 position) private pure returns (uint256 bits) {
        assembly ("memory-safe") {
            bits := shr(224, mload(position))
        }
    }
}
