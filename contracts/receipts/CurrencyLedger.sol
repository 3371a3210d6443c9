// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IReceiptEscrow } from "../interfaces/IReceiptEscrow.sol";
import { PaymentRefused } from "../types/Errors.sol";

/// @title Coins and tokens of the receipt escrow
/// @notice The zero address is the native coin. Whoever calls out does so last.
abstract contract CurrencyLedger is IReceiptEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = address(0);

    mapping(address currency => mapping(address account => uint256 amount)) private _credits;

    /// @inheritdoc IReceiptEscrow
    function creditOf(address currency, address account) external view returns (uint256) {
        return _credits[currency][account];
    }

    function _credit(address currency, address account, uint256 amount) internal {
        if (amount == 0) return;
        _credits[currency][account] += amount;
        emit Credited(account, currency, amount);
    }

    function _payCredit(address currency, address account, address payable receiver) internal {
        uint256 amount = _credits[currency][account];
        require(amount != 0, NothingToWithdraw(account, currency));
        delete _credits[currency][account];
        emit Withdrawn(account, currency, receiver, amount);
        _pay(currency, receiver, amount);
    }

    /// @dev Takes exactly `amount` from the caller: as value, or by allowance.
    function _take(address currency, uint256 amount) internal {
        uint256 value = currency == NATIVE ? amount : 0;
        require(msg.value == value, WrongValue(msg.value, value));
        if (currency == NATIVE) return;
        IERC20 token = IERC20(currency);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = token.balanceOf(address(this));
        uint256 received = balance > before ? balance - before : 0;
        require(received == amount, TransferMismatch(amount, received));
    }

    function _pay(address currency, address payable receiver, uint256 amount) internal {
        if (currency == NATIVE) {
            require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
        } else {
            IERC20(currency).safeTransfer(receiver, amount);
        }
    }
}
