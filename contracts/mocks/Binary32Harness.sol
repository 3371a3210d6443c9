// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Binary32, Class } from "../libraries/Binary32.sol";

/// @notice Test only: the internal functions of Binary32 over many operands in one call.
contract Binary32Harness {
    struct Parts {
        bool negative;
        uint256 mantissa;
        int256 exponent;
        Class class;
    }

    struct Rounding {
        bool negative;
        uint256 mantissa;
        int256 exponent;
        bool sticky;
    }

    function decode(uint256[] calldata bits) external pure returns (Parts[] memory parts) {
        parts = new Parts[](bits.length);
        for (uint256 i; i < bits.length; ++i) {
            (bool negative, uint256 mantissa, int256 exponent, Class class) = Binary32.decode(bits[i]);
            parts[i] = Parts(negative, mantissa, exponent, class);
        }
    }

    function round(Rounding[] calldata cases) external pure returns (uint256[] memory bits) {
        bits = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Rounding calldata c = cases[i];
            bits[i] = Binary32.round(c.negative, c.mantissa, c.exponent, c.sticky);
        }
    }

    function roundWithin(
        Rounding[] calldata cases,
        uint256 bound
    ) external pure returns (uint256[] memory bits, bool[] memory decided) {
        bits = new uint256[](cases.length);
        decided = new bool[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Rounding calldata c = cases[i];
            (bits[i], decided[i]) = Binary32.roundWithin(c.negative, c.mantissa, c.exponent, bound);
        }
    }

    function keys(uint256[] calldata bits) external pure returns (int256[] memory value, int256[] memory order) {
        value = new int256[](bits.length);
        order = new int256[](bits.length);
        for (uint256 i; i < bits.length; ++i) {
            value[i] = Binary32.valueKey(bits[i]);
            order[i] = Binary32.orderKey(bits[i]);
        }
    }
}
