// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IScalarEvaluator } from "../interfaces/IScalarEvaluator.sol";
import { DType } from "../types/DType.sol";
import { ZeroAddress } from "../types/Errors.sol";
import { MapFn } from "../types/MapFn.sol";

/// @title Every map function but `pick`, by family
/// @notice Sends each function to the contract that evaluates it. No state, no owner: what it answers never changes.
contract ScalarEvaluator is IScalarEvaluator {
    IScalarEvaluator public immutable FLOATS;
    IScalarEvaluator public immutable INTEGERS;
    IScalarEvaluator public immutable CONVERSIONS;
    IScalarEvaluator public immutable ELEMENTARY;
    IScalarEvaluator public immutable DOUBLES;

    constructor(
        IScalarEvaluator floats,
        IScalarEvaluator integers,
        IScalarEvaluator conversions,
        IScalarEvaluator elementary,
        IScalarEvaluator doubles
    ) {
        require(
            address(floats) != address(0) &&
                address(integers) != address(0) &&
                address(conversions) != address(0) &&
                address(elementary) != address(0) &&
                address(doubles) != address(0),
            ZeroAddress()
        );
        FLOATS = floats;
        INTEGERS = integers;
        CONVERSIONS = conversions;
        ELEMENTARY = elementary;
        DOUBLES = doubles;
    }

    /// @inheritdoc IScalarEvaluator
    function evaluate(
        uint8 fn,
        uint8 resultDtype,
        bytes calldata dtypes,
        uint256[] calldata bits
    ) external view returns (bool wellFormed, uint256 result) {
        if (dtypes.length == 0 || dtypes.length != bits.length) return (false, 0);
        return _family(fn, uint8(dtypes[0]), resultDtype).evaluate(fn, resultDtype, dtypes, bits);
    }

    /// The family also refuses what it does not evaluate.
    function _family(uint8 fn, uint8 dtype, uint8 resultDtype) private view returns (IScalarEvaluator) {
        if (dtype == DType.F64 || resultDtype == DType.F64) return DOUBLES;
        if (fn == MapFn.CAST || (fn >= MapFn.WHERE && fn <= MapFn.DEQUANTIZE)) return CONVERSIONS;
        if (dtype != DType.F32) return INTEGERS;
        bool elementary = (fn >= MapFn.EXP && fn <= MapFn.LOG1P) || fn == MapFn.POW;
        return elementary ? ELEMENTARY : FLOATS;
    }
}
