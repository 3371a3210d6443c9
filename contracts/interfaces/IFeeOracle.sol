// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What a chain asks for transaction data beside gas
/// @notice Rollups pay for the bytes of their transactions on another chain, at a price that moves by itself. One small
/// adapter for each kind of rollup stands behind this (`contracts/challenges/oracles/`).
interface IFeeOracle {
    /// @notice Fee for a transaction of this many bytes, in wei, beside its gas. Rather too much than too little.
    function dataFee(uint256 size) external view returns (uint256);
}
