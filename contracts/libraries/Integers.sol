// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";

/// @title Elements of the integer dtypes
/// @notice Between element bits and their values, which int256 holds with room for any one sum, difference or product.
library Integers {
    /// @notice The value of an element of integer dtype; bits beyond the dtype are ignored.
    function decode(uint8 dtype, uint256 bits) internal pure returns (int256) {
        unchecked {
            uint256 unused = 256 - 8 * DType.size(dtype);
            uint256 top = bits << unused;
            return DType.isSigned(dtype) ? int256(top) >> unused : int256(top >> unused);
        }
    }

    /// @notice The element bits of a value modulo 2^width.
    function wrap(uint8 dtype, int256 value) internal pure returns (uint256) {
        unchecked {
            return uint256(value) & ((1 << (8 * DType.size(dtype))) - 1);
        }
    }

    /// @notice The element bits of the value of the dtype that is nearest.
    function saturate(uint8 dtype, int256 value) internal pure returns (uint256) {
        unchecked {
            uint256 width = 8 * DType.size(dtype);
            int256 low = DType.isSigned(dtype) ? -int256(1 << (width - 1)) : int256(0);
            int256 high = low + int256(1 << width) - 1;
            return
                wrap(
                    dtype,
                    value < low
                        ? low
                        : value > high
                            ? high
                            : value
                );
        }
    }
}
