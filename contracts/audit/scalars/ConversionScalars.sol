// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../../interfaces/IScalarEvaluator.sol";
import { Binary32 } from "../../libraries/Binary32.sol";
import { Binary32Arithmetic } from "../../libraries/Binary32Arithmetic.sol";
import { Binary32Integral } from "../../libraries/Binary32Integral.sol";
import { Integers } from "../../libraries/Integers.sol";
import { DType } from "../../types/DType.sol";
import { MapFn } from "../../types/MapFn.sol";

/// @title Functions whose operands differ in dtype
/// @notice cast where quantize dequantize
contract ConversionScalars is IScalarEvaluator {
    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external pure returns (bool wellFormed, uint256 result) {
        if (dtypes.length != bits.length) return (false, 0);
        if (fn == MapFn.CAST) {
            if (bits.length != 1) return (false, 0);
            uint8 dtype = uint8(dtypes[0]);
            if (!DType.isKnown(dtype) || !DType.isKnown(resultDtype)) return (false, 0);
            return (true, _cast(dtype, resultDtype, bits[0]));
        }
        if (bits.length != 3) return (false, 0);
        (uint8 a, uint8 b, uint8 c) = (uint8(dtypes[0]), uint8(dtypes[1]), uint8(dtypes[2]));
        if (fn == MapFn.WHERE) {
            if (a != DType.BOOL || b != resultDtype || c != resultDtype || !DType.isKnown(resultDtype)) {
                return (false, 0);
            }
            return (true, _cast(resultDtype, resultDtype, bits[0] & 0xff != 0 ? bits[1] : bits[2]));
        }
        if (fn == MapFn.QUANTIZE) {
            if (a != DType.F32 || b != DType.F32 || c != resultDtype || !_isQuantized(c)) return (false, 0);
            return (true, _quantize(bits[0], bits[1], c, bits[2]));
        }
        if (fn == MapFn.DEQUANTIZE) {
            if (!DType.isInteger(a) || b != DType.F32 || c != a || resultDtype != DType.F32) return (false, 0);
            return (true, _dequantize(a, bits[0], bits[1], bits[2]));
        }
        return (false, 0);
    }

    /// Also makes an element canonical, where both dtypes are the same.
    function _cast(uint8 from, uint8 to, uint256 bits) private pure returns (uint256) {
        if (from == DType.F32) {
            bits &= 0xffffffff;
            if (to == DType.F32) return Binary32.canonical(bits);
            if (to == DType.BOOL) return Binary32.isZero(bits) ? 0 : 1;
            (int256 integer, ) = Binary32Integral.toInteger(bits, Binary32Integral.Direction.TowardZero);
            return Integers.saturate(to, integer);
        }
        int256 value;
        if (from == DType.BOOL) value = bits & 0xff != 0 ? int256(1) : int256(0);
        else value = Integers.decode(from, bits);
        if (to == DType.F32) return Binary32Integral.fromInteger(value);
        if (to == DType.BOOL) return value != 0 ? 1 : 0;
        return Integers.wrap(to, value);
    }

    function _isQuantized(uint8 dtype) private pure returns (bool) {
        return dtype == DType.U8 || dtype == DType.I8 || dtype == DType.U16 || dtype == DType.I16 || dtype == DType.I32;
    }

    function _quantize(uint256 x, uint256 scale, uint8 dtype, uint256 zeroPoint) private pure returns (uint256) {
        uint256 quotient = Binary32Arithmetic.div(x & 0xffffffff, scale & 0xffffffff);
        // A NaN gives 0 here, and with that the zero point.
        (int256 steps, ) = Binary32Integral.toInteger(quotient, Binary32Integral.Direction.NearestEven);
        return Integers.saturate(dtype, steps + Integers.decode(dtype, zeroPoint));
    }

    function _dequantize(uint8 dtype, uint256 q, uint256 scale, uint256 zeroPoint) private pure returns (uint256) {
        int256 steps = Integers.decode(dtype, q) - Integers.decode(dtype, zeroPoint);
        return Binary32Arithmetic.mul(Binary32Integral.fromInteger(steps), scale & 0xffffffff);
    }
}
