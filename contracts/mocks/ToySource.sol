// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { Reward } from "../types/Reward.sol";

/// @notice A claim source that locks and slashes at a test's word; of `IClaimSource` it has only what sealing asks for.
contract ToySource {
    address private immutable CHALLENGE_MANAGER;

    constructor(address challengeManager_) {
        CHALLENGE_MANAGER = challengeManager_;
    }

    function lock(IOperatorStaking staking, address operator, bytes32 lockId, uint96 amount) external {
        staking.lock(operator, lockId, amount);
    }

    function lockDrawn(IOperatorStaking staking, address operator, bytes32 lockId, uint96 amount) external {
        staking.lockDrawn(operator, lockId, amount);
    }

    function strike(IOperatorStaking staking, address operator) external {
        staking.strike(operator);
    }

    function unlock(IOperatorStaking staking, address operator, bytes32 lockId) external {
        staking.unlock(operator, lockId);
    }

    function slash(IOperatorStaking staking, address operator, bytes32 lockId, Reward[] calldata rewards) external {
        staking.slash(operator, lockId, rewards);
    }

    function challengeManager() external view returns (address) {
        return CHALLENGE_MANAGER;
    }
}
