// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IReduceEvaluator, Reduction } from "../interfaces/IReduceEvaluator.sol";
import { Binary32 } from "../libraries/Binary32.sol";
import { Elements } from "../libraries/Elements.sol";
import { DotTerms, ExactSum } from "../libraries/ExactSum.sol";
import { IntegerSum, IntegerTerms } from "../libraries/IntegerSum.sol";
import { OrderStatistic } from "../libraries/OrderStatistic.sol";
import { DType } from "../types/DType.sol";
import { ReduceFn } from "../types/ReduceFn.sol";

/// @title Evaluates one reduction
contract ReduceEvaluator is IReduceEvaluator {
    /// @inheritdoc IReduceEvaluator
    function reduce(Reduction calldata reduction) external pure returns (uint256 bits) {
        uint8 fn = reduction.fn;
        if (fn == ReduceFn.ARGKTH) return _argkth(reduction);
        if (fn >= ReduceFn.MAX) return _extremum(reduction);
        if (reduction.dtype != DType.F32) return _integerDot(reduction);
        return fn == ReduceFn.MEAN ? ExactSum.mean(_floatTerms(reduction)) : ExactSum.dot(_floatTerms(reduction));
    }

    /// The operands of a dot; for sum and mean the second one is 1.
    function _floatTerms(Reduction calldata reduction) private pure returns (DotTerms memory terms) {
        terms.count = reduction.count;
        (terms.a, terms.stepA) = _floats(reduction.values[0], terms.count);
        bool isDot = reduction.fn == ReduceFn.DOT;
        (terms.b, terms.stepB) = isDot ? _floats(reduction.values[1], terms.count) : _repeated(Binary32.ONE);
        if (reduction.values.length == 3) {
            (terms.hasBias, terms.bias) = (true, uint32(bytes4(reduction.values[2])));
        }
    }

    /// Memory position and step of packed floats.
    function _floats(bytes calldata values, uint256 count) private pure returns (uint256 position, uint256 step) {
        if (values.length == 4 && count != 1) return _repeated(uint32(bytes4(values)));
        return (_load(values), 32);
    }

    /// One float in all lanes of a word, read again and again.
    function _repeated(uint256 bits) private pure returns (uint256 position, uint256 step) {
        uint256[1] memory word = [bits * (type(uint256).max / type(uint32).max)];
        assembly ("memory-safe") {
            position := word
        }
        return (position, 0);
    }

    function _integerDot(Reduction calldata reduction) private pure returns (uint256 bits) {
        IntegerTerms memory a = _integers(reduction, 0);
        bool isDot = reduction.fn == ReduceFn.DOT;
        IntegerTerms memory b = isDot ? _integers(reduction, 1) : IntegerTerms(_load(hex"01"), 0, DType.U8);
        bits = IntegerSum.dot(a, b, reduction.count);
        unchecked {
            uint256 width = DType.size(reduction.dtype);
            if (reduction.values.length == 3) bits += uint256(bytes32(reduction.values[2])) >> (256 - 8 * width);
            return bits & ((1 << (8 * width)) - 1);
        }
    }

    function _integers(Reduction calldata reduction, uint256 i) private pure returns (IntegerTerms memory) {
        bytes calldata values = reduction.values[i];
        uint8 dtype = uint8(reduction.dtypes[i]);
        uint256 width = DType.size(dtype);
        return IntegerTerms(_load(values), values.length == width ? 0 : width, dtype);
    }

    function _extremum(Reduction calldata reduction) private pure returns (uint256) {
        uint8 fn = reduction.fn;
        uint8 dtype = uint8(reduction.dtypes[0]);
        uint256 width = DType.size(dtype);
        bytes calldata values = reduction.values[0];
        bool single = values.length == width;
        bool smallest = fn == ReduceFn.MIN || fn == ReduceFn.ARGMIN || fn == ReduceFn.ARGMIN_LAST;
        bool last = fn == ReduceFn.ARGMAX_LAST || fn == ReduceFn.ARGMIN_LAST;
        bool isArgument = fn >= ReduceFn.ARGMAX;
        uint256 winner;
        if (!single) {
            winner = OrderStatistic.extreme(_load(values), reduction.count, dtype, smallest, last, !isArgument);
        } else if (last) {
            winner = reduction.count - 1;
        }
        if (isArgument) return winner;
        bytes calldata element = values[single ? 0 : winner * width:];
        return Elements.canonical(dtype, uint256(bytes32(element)) >> (256 - 8 * width));
    }

    function _argkth(Reduction calldata reduction) private pure returns (uint256) {
        uint8 dtype = uint8(reduction.dtypes[0]);
        bytes calldata values = reduction.values[0];
        // One value for all indices: the stable order is that of the indices.
        if (values.length == DType.size(dtype)) return reduction.rank;
        return OrderStatistic.ranked(_load(values), reduction.count, dtype, reduction.rank, reduction.largest);
    }

    /// Copies bytes to memory and tells where they start.
    function _load(bytes memory values) private pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := add(values, 32)
        }
    }
}
