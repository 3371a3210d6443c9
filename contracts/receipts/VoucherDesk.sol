// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { IDelegatorFees } from "../interfaces/IDelegatorFees.sol";
import { IReceiptEscrow, Reservation, SignedVoucher } from "../interfaces/IReceiptEscrow.sol";
import { ZeroAddress } from "../types/Errors.sol";
import { ReservationDesk } from "./ReservationDesk.sol";

/// @title What vouchers pay, and what payers take back
abstract contract VoucherDesk is ReservationDesk {
    using SafeERC20 for IERC20;

    /// Vouchers of one operator in one currency are divided and credited together.
    struct Takings {
        address operator;
        address currency;
        uint256 amount;
    }

    /// @notice Most gas that a payer's contract may use to judge one signature.
    uint256 public constant SIGNATURE_GAS = 100_000;

    /// @inheritdoc IReceiptEscrow
    function thaw(bytes32 reservation, uint128 amount) external {
        Reservation storage r = _ofPayer(reservation);
        uint48 thawedAt = amount == 0 ? 0 : HUB.time() + r.thawPeriod;
        r.thawing = amount;
        r.thawedAt = thawedAt;
        emit Thawing(reservation, amount, thawedAt);
    }

    /// @inheritdoc IReceiptEscrow
    function withdrawThawed(bytes32 reservation, address payable receiver) external nonReentrant {
        HUB.requireRunning();
        require(receiver != address(0), ZeroAddress());
        Reservation storage r = _ofPayer(reservation);
        require(r.thawing != 0, NothingThawing(reservation));
        require(HUB.time() >= r.thawedAt, StillThawing(reservation, r.thawedAt));
        uint128 amount = uint128(Math.min(r.thawing, r.balance));
        r.thawing = 0;
        r.thawedAt = 0;
        r.balance -= amount;
        emit ThawWithdrawn(reservation, r.payer, receiver, amount);
        _pay(r.currency, receiver, amount);
    }

    /// @inheritdoc IReceiptEscrow
    function collect(SignedVoucher[] calldata vouchers) external nonReentrant returns (uint256[] memory amounts) {
        HUB.requireRunning();
        amounts = new uint256[](vouchers.length);
        Takings memory takings;
        bool any;
        for (uint256 i; i < vouchers.length; ++i) {
            SignedVoucher calldata signed = vouchers[i];
            Reservation storage r = _reservations[signed.voucher.reservation];
            uint128 amount = _takeVoucher(r, signed);
            if (amount == 0) continue;
            if (r.operator != takings.operator || r.currency != takings.currency) {
                _divide(takings);
                takings = Takings(r.operator, r.currency, 0);
            }
            takings.amount += amount;
            amounts[i] = amount;
            any = true;
        }
        require(any, NothingToCollect());
        _divide(takings);
    }

    /// @inheritdoc IReceiptEscrow
    function withdraw(address currency, address payable account) external nonReentrant {
        HUB.requireRunning();
        _payCredit(currency, account, account);
    }

    /// @inheritdoc IReceiptEscrow
    function withdrawTo(address currency, address payable receiver) external nonReentrant {
        HUB.requireRunning();
        require(receiver != address(0), ZeroAddress());
        _payCredit(currency, msg.sender, receiver);
    }

    /// Moves what a voucher pays out of the deposit; zero if it pays nothing.
    function _takeVoucher(Reservation storage r, SignedVoucher calldata signed) private returns (uint128 amount) {
        (uint128 balance, uint128 collected) = (r.balance, r.collected);
        uint128 cumulative = signed.voucher.cumulative;
        if (cumulative <= collected || balance == 0) return 0;
        if (!_isSigned(r.payer, hashVoucher(signed.voucher), signed.signature)) return 0;
        amount = uint128(Math.min(cumulative - collected, balance));
        r.balance = balance - amount;
        r.collected = collected + amount;
        emit Collected(signed.voucher.reservation, r.operator, amount, collected + amount, balance - amount);
    }

    /// @dev The key of an account counts even where the account has code: it may have got that after it signed
    /// (EIP-7702). The payer's contract can neither revert this nor return more than its gas lets it.
    function _isSigned(address payer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (err == ECDSA.RecoverError.NoError && signer == payer) return true;
        if (payer.code.length == 0) return false;
        (bool ok, bytes memory answer) = payer.staticcall{ gas: SIGNATURE_GAS }(
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature))
        );
        return ok && answer.length == 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }

    function _divide(Takings memory takings) private {
        if (takings.amount == 0) return;
        (address operator, address currency) = (takings.operator, takings.currency);
        (address payee, uint256 toDelegators) = PROFILES.feeSplit(operator, takings.amount);
        uint256 toOperator = takings.amount - toDelegators;
        emit FeesDivided(operator, currency, payee, toOperator, toDelegators);
        _credit(currency, payee, toOperator);
        if (toDelegators != 0) _payDelegators(operator, currency, toDelegators);
    }

    function _payDelegators(address operator, address currency, uint256 amount) private {
        IDelegatorFees fees = STAKING.delegatorFees();
        if (currency == NATIVE) {
            fees.credit{ value: amount }(operator, currency, amount);
        } else {
            IERC20(currency).forceApprove(address(fees), amount);
            fees.credit(operator, currency, amount);
        }
    }

    function _ofPayer(bytes32 reservation) private view returns (Reservation storage r) {
        r = _existing(reservation);
        require(msg.sender == r.payer, NotPayer(msg.sender, r.payer));
    }
}
