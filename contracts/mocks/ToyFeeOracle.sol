// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IArbGasInfo } from "../challenges/oracles/ArbitrumFeeOracle.sol";
import { IGasPriceOracle } from "../challenges/oracles/OpStackFeeOracle.sol";
import { IFeeOracle } from "../interfaces/IFeeOracle.sol";

/// @notice Stands where rollups have their oracles, and misbehaves as a test tells it to.
contract ToyFeeOracle is IFeeOracle, IGasPriceOracle, IArbGasInfo {
    enum Mood {
        Honest,
        Reverts,
        Burns,
        Silent
    }

    error NotInTheMood();

    uint256 public perByte;
    Mood public mood;

    function set(uint256 perByte_, Mood mood_) external {
        perByte = perByte_;
        mood = mood_;
    }

    /// @inheritdoc IFeeOracle
    function dataFee(uint256 size) external view returns (uint256) {
        require(mood != Mood.Reverts, NotInTheMood());
        uint256 spent;
        while (mood == Mood.Burns) spent += gasleft();
        if (mood == Mood.Silent) {
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return size * perByte;
    }

    /// @inheritdoc IGasPriceOracle
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256) {
        return (unsignedTxSize + 68) * perByte;
    }

    /// @inheritdoc IArbGasInfo
    function getPricesInWei() external view returns (uint256, uint256, uint256, uint256, uint256, uint256) {
        return (140 * perByte, perByte, 0, 1, 0, 1);
    }
}
