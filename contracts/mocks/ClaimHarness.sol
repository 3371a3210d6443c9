// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ClaimTensors } from "../libraries/ClaimTensors.sol";
import { Domain } from "../libraries/Domain.sol";
import { SlashSplit } from "../libraries/SlashSplit.sol";
import { TensorTree } from "../libraries/TensorTree.sol";
import { ElementOpening } from "../types/Claim.sol";
import { Reward } from "../types/Reward.sol";

/// @notice The libraries about claims, callable.
contract ClaimHarness {
    function root(bytes calldata data) external pure returns (bytes32) {
        return TensorTree.rootOf(data);
    }

    function read(
        ElementOpening calldata opening,
        bytes32 listHash,
        uint256 size,
        uint256 elementBytes
    ) external pure returns (uint64) {
        return ClaimTensors.read(opening, listHash, size, elementBytes);
    }

    function contains(uint8 dtype, uint64 lo, uint64 hi, uint64[] calldata bits) external pure returns (bool[] memory) {
        bool[] memory inside = new bool[](bits.length);
        for (uint256 i; i < bits.length; ++i) inside[i] = Domain.contains(dtype, lo, hi, bits[i]);
        return inside;
    }

    function rewards(
        uint96 slashed,
        address[] calldata challengers,
        address consumer
    ) external pure returns (Reward[] memory) {
        return SlashSplit.rewards(slashed, challengers, consumer);
    }
}
