// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
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

    function penalise(IOperatorStaking staking, address operator, bytes32 lockId, uint96 amount) external {
        staking.penalise(operator, lockId, amount);
    }

    function creditFees(IDelegatorFees fees, address operator, address currency, uint256 amount) external payable {
        if (currency != address(0)) IERC20(currency).approve(address(fees), amount);
        fees.credit{ value: msg.value }(operator, currency, amount);
    }

    function challengeManager() external view returns (address) {
        return CHALLENGE_MANAGER;
    }
}
