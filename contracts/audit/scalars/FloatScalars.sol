// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../../interfaces/IScalarEvaluator.sol";
import { Binary32 } from "../../libraries/Binary32.sol";
import { Binary32Arithmetic } from "../../libraries/Binary32Arithmetic.sol";
import { Binary32Integral } from "../../libraries/Binary32Integral.sol";
import { DType } from "../../types/DType.sol";
import { MapFn } from "../../types/MapFn.sol";

/// @title Functions of f32 operands that need finitely many steps
/// @notice copy neg abs sign floor ceil round sqrt isnan isinf · add sub mul div min max mod fmod eq lt le prelu · fma
contract FloatScalars is IScalarEvaluator {
    uint256 private constant ELEMENT = 0xffffffff;

    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external pure returns (bool wellFormed, uint256 result) {
        uint256 count = bits.length;
        if (dtypes.length != count) return (false, 0);
        for (uint256 i; i < count; ++i) {
            if (uint8(dtypes[i]) != DType.F32) return (false, 0);
        }
        if (resultDtype != (_isPredicate(fn) ? DType.BOOL : DType.F32)) return (false, 0);

        if (count == 1) return _unary(fn, bits[0] & ELEMENT);
        if (count == 2) return _binary(fn, bits[0] & ELEMENT, bits[1] & ELEMENT);
        if (count == 3 && fn == MapFn.FMA) {
            return (true, Binary32Arithmetic.fma(bits[0] & ELEMENT, bits[1] & ELEMENT, bits[2] & ELEMENT));
        }
        return (false, 0);
    }

    function _isPredicate(uint8 fn) private pure returns (bool) {
        return fn == MapFn.IS_NAN || fn == MapFn.IS_INF || fn == MapFn.EQ || fn == MapFn.LT || fn == MapFn.LE;
    }

    function _unary(uint8 fn, uint256 x) private pure returns (bool, uint256) {
        if (fn == MapFn.COPY) return (true, Binary32.canonical(x));
        if (fn == MapFn.NEG) return (true, Binary32.canonical(x ^ Binary32.SIGN));
        if (fn == MapFn.ABS) return (true, Binary32.canonical(x & Binary32.MAGNITUDE));
        if (fn == MapFn.SIGN) return (true, _sign(x));
        if (fn == MapFn.FLOOR) return (true, Binary32Integral.toIntegral(x, Binary32Integral.Direction.Down));
        if (fn == MapFn.CEIL) return (true, Binary32Integral.toIntegral(x, Binary32Integral.Direction.Up));
        if (fn == MapFn.ROUND) return (true, Binary32Integral.toIntegral(x, Binary32Integral.Direction.NearestEven));
        if (fn == MapFn.SQRT) return (true, Binary32Arithmetic.sqrt(x));
        if (fn == MapFn.IS_NAN) return (true, Binary32.isNaN(x) ? 1 : 0);
        if (fn == MapFn.IS_INF) return (true, Binary32.isInfinite(x) ? 1 : 0);
        return (false, 0);
    }

    function _binary(uint8 fn, uint256 x, uint256 y) private pure returns (bool, uint256) {
        if (fn == MapFn.ADD) return (true, Binary32Arithmetic.add(x, y));
        if (fn == MapFn.SUB) return (true, Binary32Arithmetic.sub(x, y));
        if (fn == MapFn.MUL) return (true, Binary32Arithmetic.mul(x, y));
        if (fn == MapFn.DIV) return (true, Binary32Arithmetic.div(x, y));
        if (fn == MapFn.MOD) return (true, Binary32Arithmetic.mod(x, y));
        if (fn == MapFn.FMOD) return (true, Binary32Arithmetic.fmod(x, y));
        // Of a NaN slope only negative x take notice.
        if (fn == MapFn.PRELU) {
            bool scaled = !Binary32.isNaN(x) && Binary32.valueKey(x) < 0;
            return (true, scaled ? Binary32Arithmetic.mul(x, y) : Binary32.canonical(x));
        }

        bool unordered = Binary32.isNaN(x) || Binary32.isNaN(y);
        if (fn == MapFn.MIN || fn == MapFn.MAX) {
            if (unordered) return (true, Binary32.NAN);
            bool less = Binary32.orderKey(x) < Binary32.orderKey(y);
            return (true, less == (fn == MapFn.MIN) ? x : y);
        }
        if (!_isPredicate(fn)) return (false, 0);
        if (unordered) return (fn >= MapFn.EQ, 0);
        int256 difference = Binary32.valueKey(x) - Binary32.valueKey(y);
        if (fn == MapFn.EQ) return (true, difference == 0 ? 1 : 0);
        if (fn == MapFn.LT) return (true, difference < 0 ? 1 : 0);
        if (fn == MapFn.LE) return (true, difference <= 0 ? 1 : 0);
        return (false, 0);
    }

    /// Zeros are their own sign.
    function _sign(uint256 x) private pure returns (uint256) {
        if (Binary32.isNaN(x)) return Binary32.NAN;
        return Binary32.isZero(x) ? x : (x & Binary32.SIGN) | Binary32.ONE;
    }
}
