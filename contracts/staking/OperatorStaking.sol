// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";

import { IHub } from "../interfaces/IHub.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { OperatorConduct } from "./OperatorConduct.sol";
import { OperatorProfiles } from "./OperatorProfiles.sol";
import { StakeHolders } from "./StakeHolders.sol";
import { StakeLocks } from "./StakeLocks.sol";
import { StakeTokens } from "./StakeTokens.sol";

/// @title OperatorStaking
/// @notice See `IOperatorStaking`. Tokens, pools, holders, locks and conduct are in the contracts that it inherits.
/// @dev Invariants: both parts' `locked` are the sums of those of the standing locks and never exceed their pool; the token
/// balance is at least `totalOwed`, which is the sum of all pools, retired pools, rewards and the pending burn.
contract OperatorStaking is StakeHolders, StakeLocks, OperatorConduct, Multicall {
    IOperatorProfiles private immutable PROFILES;

    constructor(IERC20 token_, IHub hub_, bool burnable) StakeTokens(token_, hub_, burnable) {
        PROFILES = new OperatorProfiles(hub_);
    }

    /// @inheritdoc IOperatorStaking
    function multicall(bytes[] calldata data) public override(IOperatorStaking, Multicall) returns (bytes[] memory) {
        return super.multicall(data);
    }

    /// @inheritdoc IOperatorStaking
    function profiles() external view returns (IOperatorProfiles) {
        return PROFILES;
    }
}
