// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { DType } from "../types/DType.sol";
import { Binary32 } from "./Binary32.sol";
import { Binary64 } from "./Binary64.sol";

/// @title Tensor elements as bits in the low bytes of a word
library Elements {
    /// @notice The canonical form of an element.
    function canonical(uint8 dtype, uint256 bits) internal pure returns (uint256) {
        if (dtype == DType.F32) return Binary32.canonical(bits);
        if (dtype == DType.F64) return Binary64.canonical(bits);
        if (dtype == DType.BOOL) return bits == 0 ? 0 : 1;
        return bits;
    }

    /// @notice The big-endian bytes of an element.
    function pack(uint256 bits, uint256 width) internal pure returns (bytes memory data) {
        data = new bytes(width);
        assembly ("memory-safe") {
            mstore(add(data, 32), shl(sub(256, shl(3, width)), bits))
        }
    }
}
