// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { ERC20Burnable } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IHub } from "../interfaces/IHub.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { NotAContract, ZeroAddress } from "../types/Errors.sol";

/// @title The stake token's way in and out
/// @notice Every token that comes in is owed to somebody until it is paid out or burnt, each once.
abstract contract StakeTokens is IOperatorStaking, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address private constant DEAD = 0x000000000000000000000000000000000000dEaD;

    IERC20 internal immutable TOKEN;
    IHub internal immutable HUB;
    bool private immutable BURNABLE;

    mapping(address account => uint256) internal _rewards;
    uint256 internal _pendingBurn;
    uint256 private _totalOwed;

    modifier onlyLocker() {
        require(HUB.mayLock(msg.sender), NotLocker(msg.sender));
        _;
    }

    constructor(IERC20 token_, IHub hub_, bool burnable) {
        require(address(token_).code.length != 0, NotAContract(address(token_)));
        require(address(hub_).code.length != 0, NotAContract(address(hub_)));
        TOKEN = token_;
        HUB = hub_;
        BURNABLE = burnable;
    }

    /// @inheritdoc IOperatorStaking
    function withdrawReward(address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        HUB.requireRunning();
        uint256 amount = _rewards[msg.sender];
        require(amount != 0, NothingToWithdraw(msg.sender));
        _rewards[msg.sender] = 0;
        emit RewardWithdrawn(msg.sender, receiver, amount);
        _pay(receiver, amount);
    }

    /// @inheritdoc IOperatorStaking
    function burnSlashed() external nonReentrant {
        uint256 amount = _pendingBurn;
        if (amount == 0) return;
        _pendingBurn = 0;
        emit Burnt(amount, BURNABLE);
        if (!BURNABLE) {
            _pay(DEAD, amount);
            return;
        }
        _totalOwed -= amount;
        uint256 before = TOKEN.balanceOf(address(this));
        ERC20Burnable(address(TOKEN)).burn(amount);
        uint256 gone = before - TOKEN.balanceOf(address(this));
        require(gone == amount, TransferMismatch(amount, gone));
    }

    /// @inheritdoc IOperatorStaking
    function rewardOf(address account) external view returns (uint256) {
        return _rewards[account];
    }

    /// @inheritdoc IOperatorStaking
    function pendingBurn() external view returns (uint256) {
        return _pendingBurn;
    }

    /// @inheritdoc IOperatorStaking
    function totalOwed() external view returns (uint256) {
        return _totalOwed;
    }

    /// @inheritdoc IOperatorStaking
    function token() external view returns (IERC20) {
        return TOKEN;
    }

    /// @inheritdoc IOperatorStaking
    function hub() external view returns (IHub) {
        return HUB;
    }

    /// Takes tokens from the caller, exactly.
    function _receive(uint256 amount) internal {
        uint256 before = TOKEN.balanceOf(address(this));
        require(before >= _totalOwed, BalanceShort(before, _totalOwed));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = TOKEN.balanceOf(address(this));
        uint256 received = balance > before ? balance - before : 0;
        require(received == amount, TransferMismatch(amount, received));
        _totalOwed += amount;
    }

    function _pay(address receiver, uint256 amount) internal {
        _totalOwed -= amount;
        TOKEN.safeTransfer(receiver, amount);
    }
}
