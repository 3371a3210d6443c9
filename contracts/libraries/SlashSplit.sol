// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Reward } from "../types/Reward.sol";

/// @title Who gets what of a slash
/// @notice Rewards come out of the operator's own tokens. Half of those burns at least, as all slashed delegation does; of the
/// other half the consumer gets 30% and the challengers share 70% equally.
library SlashSplit {
    uint256 private constant CONSUMER_PERCENT = 30;

    /// @notice Divides the reward half; what does not divide evenly burns with the rest.
    /// @param own The operator's own part of the slashed tokens.
    /// @param challengers Without any, their part burns.
    function rewards(
        uint96 own,
        address[] calldata challengers,
        address consumer
    ) internal pure returns (Reward[] memory list) {
        uint256 half = own / 2;
        uint256 consumerPart = (half * CONSUMER_PERCENT) / 100;
        uint256 count = challengers.length;
        list = new Reward[](count + 1);
        list[0] = Reward(consumer, uint96(consumerPart));
        for (uint256 i; i < count; ++i) {
            list[i + 1] = Reward(challengers[i], uint96((half - consumerPart) / count));
        }
    }
}
