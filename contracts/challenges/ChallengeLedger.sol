// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IHub } from "../interfaces/IHub.sol";
import { PaymentRefused, ZeroAddress } from "../types/Errors.sol";

/// @title Native coin of the challenge manager
/// @notice Every wei that comes in is owed to somebody until it is paid out or burnt, each once.
abstract contract ChallengeLedger is IChallengeManager {
    IHub internal immutable HUB;

    mapping(address account => uint256 amount) private _credits;
    /// Together in one slot: all coins on earth fit into 96 bits.
    uint128 private _owed;
    uint128 private _burnt;

    constructor(IHub hub_) {
        HUB = hub_;
    }

    /// @inheritdoc IChallengeManager
    function withdraw(address payable account) external {
        HUB.requireRunning();
        _pay(account, account);
    }

    /// @inheritdoc IChallengeManager
    function withdrawTo(address payable receiver) external {
        HUB.requireRunning();
        require(receiver != address(0), ZeroAddress());
        _pay(msg.sender, receiver);
    }

    /// @inheritdoc IChallengeManager
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IChallengeManager
    function totalOwed() external view returns (uint256) {
        return _owed;
    }

    /// @inheritdoc IChallengeManager
    function totalBurnt() external view returns (uint256) {
        return _burnt;
    }

    /// @dev Takes the value of this call in.
    function _receive() internal {
        _owed += uint128(msg.value);
    }

    /// @dev What was owed for a purpose is now owed to `account`.
    function _credit(address account, uint256 amount) internal {
        if (amount == 0) return;
        _credits[account] += amount;
        emit Credited(account, amount);
    }

    /// @dev What was owed is nobody's now. The coins stay here: no function can reach them.
    function _burn(uint256 amount) internal {
        // What is owed came in as value, so that casts lose nothing.
        _owed -= uint128(amount);
        _burnt += uint128(amount);
    }

    function _pay(address account, address payable receiver) private {
        uint256 amount = _credits[account];
        require(amount != 0, NothingToWithdraw(account));
        delete _credits[account];
        _owed -= uint128(amount);
        emit Withdrawn(account, receiver, amount);
        require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
    }
}
