// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IFeeOracle } from "../../interfaces/IFeeOracle.sol";

/// @notice The predeploy of OP Stack chains, from Fjord on.
interface IGasPriceOracle {
    /// @notice What data of this size costs at most, however little it compresses.
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256);
}

/// @title Data fees on OP Stack chains
contract OpStackFeeOracle is IFeeOracle {
    IGasPriceOracle private constant ORACLE = IGasPriceOracle(0x420000000000000000000000000000000000000F);

    /// @inheritdoc IFeeOracle
    function dataFee(uint256 size) external view returns (uint256) {
        return ORACLE.getL1FeeUpperBound(size);
    }
}
