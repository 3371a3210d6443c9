// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../../interfaces/IScalarEvaluator.sol";
import { Binary32, Class } from "../../libraries/Binary32.sol";
import { ErrorFunction } from "../../libraries/elementary/ErrorFunction.sol";
import { Exponential } from "../../libraries/elementary/Exponential.sol";
import { InverseTrigonometry } from "../../libraries/elementary/InverseTrigonometry.sol";
import { Logarithm } from "../../libraries/elementary/Logarithm.sol";
import { Power } from "../../libraries/elementary/Power.sol";
import { Trigonometry } from "../../libraries/elementary/Trigonometry.sol";
import { Integers } from "../../libraries/Integers.sol";
import { DType } from "../../types/DType.sol";
import { MapFn } from "../../types/MapFn.sol";

/// @title Correctly rounded elementary functions
/// @notice exp log sin cos tan asin acos atan sinh cosh asinh acosh atanh tanh sigmoid erf expm1 log1p · pow with an f32 base
contract ElementaryScalars is IScalarEvaluator {
    uint256 private constant ELEMENT = 0xffffffff;

    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external pure returns (bool wellFormed, uint256 result) {
        if (resultDtype != DType.F32 || dtypes.length != bits.length || bits.length != (fn == MapFn.POW ? 2 : 1)) {
            return (false, 0);
        }
        if (uint8(dtypes[0]) != DType.F32) return (false, 0);
        uint256 x = bits[0] & ELEMENT;
        bool decided;
        if (fn == MapFn.POW) {
            uint8 dtype = uint8(dtypes[1]);
            if (dtype != DType.F32 && !DType.isInteger(dtype)) return (false, 0);
            (result, decided) = Power.pow(x, _exponent(dtype, bits[1]));
        } else if (fn < MapFn.EXP || fn > MapFn.LOG1P) {
            return (false, 0);
        } else if (Binary32.isNaN(x)) {
            return (true, Binary32.NAN);
        } else {
            (result, decided) = _unary(fn, x);
        }
        require(decided, Undecided(fn, bits));
        return (true, result);
    }

    function _exponent(uint8 dtype, uint256 bits) private pure returns (Power.Exponent memory y) {
        if (dtype == DType.F32) {
            (y.negative, y.mantissa, y.place, y.class) = Binary32.decode(bits & ELEMENT);
            return y;
        }
        int256 value = Integers.decode(dtype, bits);
        y.negative = value < 0;
        // A value of 64 bits: its negative cannot overflow.
        unchecked {
            y.mantissa = uint256(value < 0 ? -value : value);
        }
        y.class = value == 0 ? Class.Zero : Class.Finite;
    }

    function _unary(uint8 fn, uint256 x) private pure returns (uint256, bool) {
        if (fn == MapFn.EXP) return Exponential.exp(x);
        if (fn == MapFn.LOG) return Logarithm.log(x);
        if (fn == MapFn.SIN) return Trigonometry.sin(x);
        if (fn == MapFn.COS) return Trigonometry.cos(x);
        if (fn == MapFn.TAN) return Trigonometry.tan(x);
        if (fn == MapFn.ASIN) return InverseTrigonometry.asin(x);
        if (fn == MapFn.ACOS) return InverseTrigonometry.acos(x);
        if (fn == MapFn.ATAN) return InverseTrigonometry.atan(x);
        if (fn == MapFn.SINH) return Exponential.sinh(x);
        if (fn == MapFn.COSH) return Exponential.cosh(x);
        if (fn == MapFn.ASINH) return Logarithm.asinh(x);
        if (fn == MapFn.ACOSH) return Logarithm.acosh(x);
        if (fn == MapFn.ATANH) return Logarithm.atanh(x);
        if (fn == MapFn.TANH) return Exponential.tanh(x);
        if (fn == MapFn.SIGMOID) return Exponential.sigmoid(x);
        if (fn == MapFn.ERF) return ErrorFunction.erf(x);
        if (fn == MapFn.EXPM1) return Exponential.expm1(x);
        return Logarithm.log1p(x);
    }
}
