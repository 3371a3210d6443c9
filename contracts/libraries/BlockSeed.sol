// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Blockhash } from "@openzeppelin/contracts/utils/Blockhash.sol";

/// @title Randomness from a block that was still to come
/// @notice The hash of a block a few blocks after the one in which the draw was fixed: whoever fixes it can't be sure to propose that
/// block too. Who can bias it on which chain is said in `docs/contracts/lottery.md`.
library BlockSeed {
    /// Blocks from the one that fixes a draw to the one whose hash decides it.
    uint256 internal constant DELAY = 4;
    /// What blocks keep of a block's number, where room is scarce.
    uint256 internal constant SHORT = 1 << 16;

    /// @notice The hash of the block that decides; zero before it is known, and once the chain has forgotten it.
    function hashOf(uint256 seedBlock) internal view returns (bytes32) {
        return block.number > seedBlock ? Blockhash.blockHash(seedBlock) : bytes32(0);
    }

    /// @notice The latest block whose number has these low 16 bits.
    function blockOf(uint16 low) internal view returns (uint256) {
        uint256 number = (block.number & ~(SHORT - 1)) | low;
        return number > block.number && number >= SHORT ? number - SHORT : number;
    }
}
