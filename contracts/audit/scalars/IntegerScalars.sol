// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../../interfaces/IScalarEvaluator.sol";
import { Integers } from "../../libraries/Integers.sol";
import { DType } from "../../types/DType.sol";
import { MapFn } from "../../types/MapFn.sol";

/// @title Functions of integers and bools
/// @notice copy neg abs sign not · add sub mul div min max pow mod fmod and or xor shl shr eq lt le
contract IntegerScalars is IScalarEvaluator {
    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external pure returns (bool wellFormed, uint256 result) {
        uint256 count = bits.length;
        if (count == 0 || count > 2 || dtypes.length != count) return (false, 0);
        uint8 dtype = uint8(dtypes[0]);
        if (resultDtype != (fn == MapFn.EQ || fn == MapFn.LT || fn == MapFn.LE ? DType.BOOL : dtype)) return (false, 0);

        if (count == 2 && fn == MapFn.POW) {
            uint8 exponentDtype = uint8(dtypes[1]);
            if (!DType.isInteger(dtype) || !DType.isInteger(exponentDtype)) return (false, 0);
            int256 power = _pow(Integers.decode(dtype, bits[0]), Integers.decode(exponentDtype, bits[1]));
            return (true, Integers.wrap(dtype, power));
        }
        if (count == 2 && uint8(dtypes[1]) != dtype) return (false, 0);

        if (dtype == DType.BOOL) {
            if (count == 1) return _unaryBool(fn, bits[0] & 0xff != 0);
            return _binaryBool(fn, bits[0] & 0xff != 0, bits[1] & 0xff != 0);
        }
        if (!DType.isInteger(dtype)) return (false, 0);
        int256 value;
        if (count == 1) {
            (wellFormed, value) = _unary(fn, dtype, Integers.decode(dtype, bits[0]));
        } else {
            (wellFormed, value) = _binary(fn, dtype, Integers.decode(dtype, bits[0]), Integers.decode(dtype, bits[1]));
        }
        if (wellFormed) result = Integers.wrap(resultDtype, value);
    }

    function _unaryBool(uint8 fn, bool x) private pure returns (bool, uint256) {
        if (fn == MapFn.COPY) return (true, x ? 1 : 0);
        if (fn == MapFn.NOT) return (true, x ? 0 : 1);
        return (false, 0);
    }

    function _binaryBool(uint8 fn, bool x, bool y) private pure returns (bool, uint256) {
        if (fn == MapFn.AND || fn == MapFn.MIN) return (true, x && y ? 1 : 0);
        if (fn == MapFn.OR || fn == MapFn.MAX) return (true, x || y ? 1 : 0);
        if (fn == MapFn.XOR) return (true, x != y ? 1 : 0);
        if (fn == MapFn.EQ) return (true, x == y ? 1 : 0);
        return (false, 0);
    }

    /// The value is taken modulo 2^width by the caller.
    function _unary(uint8 fn, uint8 dtype, int256 x) private pure returns (bool, int256) {
        unchecked {
            if (fn == MapFn.COPY) return (true, x);
            if (fn == MapFn.NEG) return (DType.isSigned(dtype), -x);
            if (fn == MapFn.ABS) return (true, x < 0 ? -x : x);
            if (fn == MapFn.SIGN)
                return (
                    true,
                    x < 0
                        ? -1
                        : x == 0
                            ? int256(0)
                            : int256(1)
                );
            if (fn == MapFn.NOT) return (true, ~x);
        }
        return (false, 0);
    }

    /// The value is taken modulo 2^width by the caller.
    function _binary(uint8 fn, uint8 dtype, int256 x, int256 y) private pure returns (bool, int256) {
        // Values have at most 64 bits: only a product comes near 256, and it stays below.
        unchecked {
            if (fn == MapFn.ADD) return (true, x + y);
            if (fn == MapFn.SUB) return (true, x - y);
            if (fn == MapFn.MUL) return (true, x * y);
            if (fn == MapFn.DIV) return (true, y == 0 ? int256(0) : x / y);
            if (fn == MapFn.FMOD) return (true, y == 0 ? int256(0) : x % y);
            if (fn == MapFn.MOD) return (true, _mod(x, y));
        }
        if (fn == MapFn.MIN) return (true, x < y ? x : y);
        if (fn == MapFn.MAX) return (true, x < y ? y : x);
        if (fn == MapFn.AND) return (true, x & y);
        if (fn == MapFn.OR) return (true, x | y);
        if (fn == MapFn.XOR) return (true, x ^ y);
        if (fn == MapFn.EQ) return (true, x == y ? int256(1) : int256(0));
        if (fn == MapFn.LT) return (true, x < y ? int256(1) : int256(0));
        if (fn == MapFn.LE) return (true, x <= y ? int256(1) : int256(0));
        if (fn == MapFn.SHL || fn == MapFn.SHR) {
            // Counts at or beyond the width shift everything out, for `shl` once the caller cuts; from 256 on the machine gives 0.
            return (DType.isUnsigned(dtype), fn == MapFn.SHL ? x << uint256(y) : x >> uint256(y));
        }
        return (false, 0);
    }

    /// The remainder that has the sign of the divisor.
    function _mod(int256 x, int256 y) private pure returns (int256 remainder) {
        if (y == 0) return 0;
        unchecked {
            remainder = x % y;
            if (remainder != 0 && (remainder < 0) != (y < 0)) remainder += y;
        }
    }

    /// x^y modulo 2^256; the reciprocal of anything but 1 and -1 is taken as 0.
    function _pow(int256 x, int256 y) private pure returns (int256) {
        unchecked {
            if (y >= 0) return int256(uint256(x) ** uint256(y));
            if (x == 1) return 1;
            if (x == -1) return y & 1 == 0 ? int256(1) : int256(-1);
            return 0;
        }
    }
}
