// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IFeeOracle } from "../../interfaces/IFeeOracle.sol";

/// @notice A precompile of Arbitrum chains.
interface IArbGasInfo {
    /// @return perL2Tx For a simple transaction.
    /// @return perL1CalldataByte What one byte costs at most: less where it compresses.
    function getPricesInWei()
        external
        view
        returns (
            uint256 perL2Tx,
            uint256 perL1CalldataByte,
            uint256 perStorageAllocation,
            uint256 perArbGasBase,
            uint256 perArbGasCongestion,
            uint256 perArbGasTotal
        );
}

/// @title Data fees on Arbitrum chains
/// @notice They are charged as gas there, beside the gas that execution takes.
contract ArbitrumFeeOracle is IFeeOracle {
    IArbGasInfo private constant GAS_INFO = IArbGasInfo(0x000000000000000000000000000000000000006C);

    /// @inheritdoc IFeeOracle
    function dataFee(uint256 size) external view returns (uint256) {
        (, uint256 perByte, , , , ) = GAS_INFO.getPricesInWei();
        return size * perByte;
    }
}
