// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";
import { MapFn } from "../types/MapFn.sol";
import { ReduceFn } from "../types/ReduceFn.sol";

/// @title Which dtypes a function takes and which it yields
/// @notice docs/audit.md, 4. The number of operands is checked elsewhere.
library Signatures {
    /// Nibble `fn` is the class of a map function, 0 for none. Classes 1 to 6: operands and result of one dtype; 7 to 9: operands
    /// of one dtype, result bool; the dtypes that they take are in SETS. Above: see `takesMap`.
    uint256 private constant CLASSES = 0x13edc0039986655522b1122220a775333333333333333333333322410;
    uint256 private constant LAST_UNIFORM = 6;
    uint256 private constant LAST_PREDICATE = 9;
    uint256 private constant CAST = 10;

    uint256 private constant FLOAT = 1 << DType.F32;
    uint256 private constant DOUBLE = 1 << DType.F64;
    uint256 private constant BOOL = 1 << DType.BOOL;
    uint256 private constant SIGNED = (1 << DType.I8) | (1 << DType.I16) | (1 << DType.I32) | (1 << DType.I64);
    uint256 private constant UNSIGNED = (1 << DType.U8) | (1 << DType.U16) | (1 << DType.U32) | (1 << DType.U64);
    uint256 private constant NUMBERS = FLOAT | SIGNED | UNSIGNED;
    uint256 private constant QUANTIZED =
        (1 << DType.U8) | (1 << DType.I8) | (1 << DType.U16) | (1 << DType.I16) | (1 << DType.I32);

    /// 16 bits per class: bit `dtype` is set where the class takes it.
    uint256 private constant SETS =
        ((NUMBERS | BOOL | DOUBLE) << 16) |
            (NUMBERS << 32) |
            (FLOAT << 48) |
            ((FLOAT | SIGNED) << 64) |
            ((SIGNED | UNSIGNED | BOOL) << 80) |
            (UNSIGNED << 96) |
            ((FLOAT | DOUBLE) << 112) |
            ((NUMBERS | BOOL | DOUBLE) << 128) |
            ((NUMBERS | DOUBLE) << 144);

    /// @notice Whether a map function takes operands of these dtypes and yields the result's.
    /// @param types As many as the function has operands.
    function takesMap(uint8 fn, uint8[] memory types, uint8 result) internal pure returns (bool) {
        uint256 class = fn < 64 ? (CLASSES >> (4 * uint256(fn))) & 15 : 0;
        if (class == 0) return false;
        uint8 first = types[0];
        if (class <= LAST_PREDICATE) {
            for (uint256 i = 1; i < types.length; ++i) {
                if (types[i] != first) return false;
            }
            if (!_isIn(first, SETS >> (16 * class))) return false;
            return result == (class <= LAST_UNIFORM ? first : DType.BOOL);
        }
        if (class == CAST) return true;
        uint8 second = types[1];
        if (fn == MapFn.POW) {
            return first == result && (first == DType.F32 ? _isIn(second, NUMBERS) : _areIntegers(first, second));
        }
        uint8 third = types[2];
        if (fn == MapFn.WHERE) return first == DType.BOOL && second == result && third == result;
        if (second != DType.F32) return false;
        return
            fn == MapFn.QUANTIZE
                ? first == DType.F32 && third == result && _isIn(result, QUANTIZED)
                : DType.isInteger(first) && third == first && result == DType.F32;
    }

    /// @notice Whether a reduction takes operands of these dtypes and yields the result's.
    /// @param types As many as the function has operands.
    function takesReduce(uint8 fn, uint8[] memory types, uint8 result) internal pure returns (bool) {
        uint8 first = types[0];
        if (fn == ReduceFn.DOT || fn == ReduceFn.SUM) {
            uint8 second = fn == ReduceFn.DOT ? types[1] : first;
            // The third operand is the bias.
            if (types.length == 3 && types[2] != result) return false;
            if (result == DType.F32) return first == DType.F32 && second == DType.F32;
            return DType.isInteger(result) && DType.size(result) >= 4 && _areIntegers(first, second);
        }
        if (fn == ReduceFn.MEAN) return first == DType.F32 && result == DType.F32;
        if (fn == ReduceFn.MAX || fn == ReduceFn.MIN) return first == result && first != DType.F64;
        return _isIn(first, NUMBERS) && result == DType.I64;
    }

    function _isIn(uint8 dtype, uint256 set) private pure returns (bool) {
        return (set >> dtype) & 1 == 1;
    }

    function _areIntegers(uint8 a, uint8 b) private pure returns (bool) {
        return DType.isInteger(a) && DType.isInteger(b);
    }
}
