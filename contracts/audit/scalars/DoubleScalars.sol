// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../../interfaces/IScalarEvaluator.sol";
import { Binary64 } from "../../libraries/Binary64.sol";
import { Integers } from "../../libraries/Integers.sol";
import { DType } from "../../types/DType.sol";
import { MapFn } from "../../types/MapFn.sol";

/// @title What there is of f64: movement, comparison and casts
/// @notice copy isnan isinf cast · min max eq lt le · where
contract DoubleScalars is IScalarEvaluator {
    uint256 private constant ELEMENT = 0xffffffffffffffff;

    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external pure returns (bool wellFormed, uint256 result) {
        uint256 count = bits.length;
        if (dtypes.length != count || count == 0 || count > 3) return (false, 0);
        uint8 dtype = uint8(dtypes[0]);
        if (fn == MapFn.CAST) {
            if (count != 1 || !DType.isKnown(dtype) || !DType.isKnown(resultDtype)) return (false, 0);
            if (dtype != DType.F64) return (resultDtype == DType.F64, _fromOther(dtype, bits[0]));
            return (true, _toOther(resultDtype, bits[0] & ELEMENT));
        }
        if (count == 3) {
            if (fn != MapFn.WHERE || dtype != DType.BOOL || resultDtype != DType.F64) return (false, 0);
            if (uint8(dtypes[1]) != DType.F64 || uint8(dtypes[2]) != DType.F64) return (false, 0);
            return (true, Binary64.canonical((bits[0] & 0xff != 0 ? bits[1] : bits[2]) & ELEMENT));
        }
        if (dtype != DType.F64 || resultDtype != (_isPredicate(fn) ? DType.BOOL : DType.F64)) return (false, 0);
        if (count == 1) return _unary(fn, bits[0] & ELEMENT);
        if (uint8(dtypes[1]) != DType.F64) return (false, 0);
        return _binary(fn, bits[0] & ELEMENT, bits[1] & ELEMENT);
    }

    function _isPredicate(uint8 fn) private pure returns (bool) {
        return fn == MapFn.IS_NAN || fn == MapFn.IS_INF || fn == MapFn.EQ || fn == MapFn.LT || fn == MapFn.LE;
    }

    function _unary(uint8 fn, uint256 x) private pure returns (bool, uint256) {
        if (fn == MapFn.COPY) return (true, Binary64.canonical(x));
        if (fn == MapFn.IS_NAN) return (true, Binary64.isNaN(x) ? 1 : 0);
        if (fn == MapFn.IS_INF) return (true, Binary64.isInfinite(x) ? 1 : 0);
        return (false, 0);
    }

    function _binary(uint8 fn, uint256 x, uint256 y) private pure returns (bool, uint256) {
        bool unordered = Binary64.isNaN(x) || Binary64.isNaN(y);
        if (fn == MapFn.MIN || fn == MapFn.MAX) {
            if (unordered) return (true, Binary64.NAN);
            return (true, (Binary64.orderKey(x) < Binary64.orderKey(y)) == (fn == MapFn.MIN) ? x : y);
        }
        if (fn < MapFn.EQ || fn > MapFn.LE) return (false, 0);
        if (unordered) return (true, 0);
        int256 difference = Binary64.valueKey(x) - Binary64.valueKey(y);
        if (fn == MapFn.EQ) return (true, difference == 0 ? 1 : 0);
        return (true, (fn == MapFn.LT ? difference < 0 : difference <= 0) ? 1 : 0);
    }

    function _fromOther(uint8 dtype, uint256 bits) private pure returns (uint256) {
        if (dtype == DType.F32) return Binary64.fromBinary32(bits & 0xffffffff);
        if (dtype == DType.BOOL) return Binary64.fromInteger(bits & 0xff != 0 ? int256(1) : int256(0));
        return Binary64.fromInteger(Integers.decode(dtype, bits));
    }

    function _toOther(uint8 dtype, uint256 x) private pure returns (uint256) {
        if (dtype == DType.F64) return Binary64.canonical(x);
        if (dtype == DType.F32) return Binary64.toBinary32(x);
        if (dtype == DType.BOOL) return Binary64.isZero(x) ? 0 : 1;
        return Integers.saturate(dtype, Binary64.toInteger(x));
    }
}
