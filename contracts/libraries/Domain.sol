// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";
import { Binary32 } from "./Binary32.sol";
import { Binary64 } from "./Binary64.sol";

/// @title The domain of a model input
/// @notice An element lies in the domain `lo..hi` of its input when its bits are a canonical, finite value of the dtype and
/// that value is neither below `lo` nor above `hi`. -0 equals +0.
library Domain {
    /// @notice Whether an element lies in a domain whose bounds are valid.
    function contains(uint8 dtype, uint64 lo, uint64 hi, uint64 bits) internal pure returns (bool) {
        (bool valid, int256 key) = order(dtype, bits);
        if (!valid) return false;
        (, int256 low) = order(dtype, lo);
        (, int256 high) = order(dtype, hi);
        return low <= key && key <= high;
    }

    /// @notice Maps an element to an integer that orders like its value; both zeros of f32 or f64 map to 0.
    /// @param bits The element in the low bytes.
    /// @return valid Whether `dtype` is known and `bits` is a canonical, finite value of it with no bits beyond its size.
    /// @return key Comparable among valid elements of the same dtype.
    function order(uint8 dtype, uint64 bits) internal pure returns (bool valid, int256 key) {
        uint256 size = DType.size(dtype);
        if (size == 0 || uint256(bits) >> (8 * size) != 0) return (false, 0);
        if (dtype == DType.F32) {
            return (bits & Binary32.MAGNITUDE < Binary32.INFINITY, Binary32.valueKey(bits));
        }
        if (dtype == DType.F64) {
            return (bits & Binary64.MAGNITUDE < Binary64.INFINITY, Binary64.valueKey(bits));
        }
        if (dtype == DType.BOOL) return (bits <= 1, int256(uint256(bits)));
        key = int256(uint256(bits));
        if (DType.isSigned(dtype) && bits >> (8 * size - 1) == 1) key -= int256(uint256(1) << (8 * size));
        return (true, key);
    }
}
