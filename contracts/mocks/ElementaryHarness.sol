// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Exponential } from "../libraries/elementary/Exponential.sol";
import { Logarithm } from "../libraries/elementary/Logarithm.sol";

/// @notice Test only: the inner functions of the elementary ones, before any rounding.
contract ElementaryHarness {
    function power(bool negative, uint256 t) external pure returns (uint256 mantissa, int256 exponent) {
        return Exponential.power(negative, t);
    }

    function natural(uint256 v, int256 s) external pure returns (bool negative, uint256 mantissa, int256 exponent) {
        return Logarithm.natural(v, s);
    }
}
