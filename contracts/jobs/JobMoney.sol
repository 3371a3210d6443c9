// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { IJobEscrow } from "../interfaces/IJobEscrow.sol";
import { PaymentRefused, ZeroAddress } from "../types/Errors.sol";
import { JobTerms, Permit } from "../types/Job.sol";
import { JobStore } from "./JobStore.sol";

/// @title Fees, credits and the audit pool
/// @dev Whatever moves tokens is guarded, because tokens may call back and payments are judged by balances.
abstract contract JobMoney is JobStore, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address internal constant NATIVE = address(0);
    uint256 internal constant BASIS_POINTS = 10_000;

    mapping(address currency => mapping(address account => uint256)) private _credits;
    mapping(address currency => uint256) private _auditPool;

    /// @inheritdoc IJobEscrow
    function withdraw(address currency, address account) external nonReentrant {
        _withdraw(currency, account, account);
    }

    /// @inheritdoc IJobEscrow
    function withdrawTo(address currency, address receiver) external nonReentrant {
        require(receiver != address(0), ZeroAddress());
        _withdraw(currency, msg.sender, receiver);
    }

    /// @inheritdoc IJobEscrow
    function collectAuditPool(address currency) external nonReentrant {
        require(HUB.mayLock(msg.sender) && !HUB.isSource(msg.sender), NotAuditPool(msg.sender));
        HUB.requireRunning();
        uint256 amount = _auditPool[currency];
        require(amount != 0, NothingToWithdraw(msg.sender, currency));
        _auditPool[currency] = 0;
        emit AuditPoolCollected(currency, msg.sender, amount);
        _send(currency, msg.sender, amount);
    }

    /// @inheritdoc IJobEscrow
    function creditOf(address currency, address account) external view returns (uint256) {
        return _credits[currency][account];
    }

    /// @inheritdoc IJobEscrow
    function auditPool(address currency) external view returns (uint256) {
        return _auditPool[currency];
    }

    /// Takes what a request costs: tokens from the caller, native coin from the value sent, whose rest is credited back.
    function _collect(JobTerms memory terms) internal {
        uint256 native = uint256(terms.gasFee) + terms.callbackFee;
        if (terms.currency == NATIVE) native += terms.fee;
        require(msg.value >= native, PaymentTooSmall(msg.value, native));
        _credit(NATIVE, msg.sender, msg.value - native);
        if (terms.currency != NATIVE && terms.fee != 0) _pull(IERC20(terms.currency), terms.fee);
    }

    /// Anybody can present the permit first; then the allowance is there already and the request goes through.
    function _usePermit(address token, uint256 amount, Permit calldata permit) internal {
        bool allowed;
        try
            IERC20Permit(token).permit(msg.sender, address(this), amount, permit.deadline, permit.v, permit.r, permit.s)
        {
            allowed = true;
        } catch {
            allowed = IERC20(token).allowance(msg.sender, address(this)) >= amount;
        }
        require(allowed, PermitRefused(msg.sender));
    }

    /// Splits the fee of a final job.
    function _payOut(bytes32 jobId, address operator, JobTerms calldata terms) internal {
        address currency = terms.currency;
        uint256 royalty = (uint256(terms.fee) * terms.royalty) / BASIS_POINTS;
        uint256 auditShare = _payAuditPool(currency, terms.fee, terms.auditShare);
        uint256 rest = terms.fee - royalty - auditShare;
        (address payee, uint256 toDelegators) = PROFILES.feeSplit(operator, rest);
        if (currency == NATIVE) {
            _credits[NATIVE][payee] += rest - toDelegators + terms.gasFee;
        } else {
            _credits[currency][payee] += rest - toDelegators;
            _credits[NATIVE][payee] += terms.gasFee;
        }
        if (royalty != 0) _credits[currency][terms.publisher] += royalty;
        emit JobFinalised(jobId, operator, payee, terms.fee, toDelegators, royalty, auditShare);
        if (toDelegators != 0) _payDelegators(operator, payee, currency, toDelegators);
    }

    /// Every answered job leaves its audit share, whatever becomes of it: else whoever knows that a job was not drawn could undo it,
    /// and would pay for drawn ones alone, which earn more than their share.
    function _payAuditPool(address currency, uint256 fee, uint256 basisPoints) internal returns (uint256 auditShare) {
        auditShare = (fee * basisPoints) / BASIS_POINTS;
        if (auditShare != 0) _auditPool[currency] += auditShare;
    }

    /// Hands delegators their part. A token that refuses must not keep a job from its end: then the operator has that part too.
    function _payDelegators(address operator, address payee, address currency, uint256 amount) private {
        if (currency == NATIVE) {
            FEES.credit{ value: amount }(operator, NATIVE, amount);
            return;
        }
        IERC20(currency).forceApprove(address(FEES), amount);
        bool refused;
        try FEES.credit(operator, currency, amount) {
            refused = false;
        } catch {
            refused = true;
        }
        if (refused) _credit(currency, payee, amount);
    }

    /// Gives the consumer back all that it escrowed.
    function _refund(JobTerms calldata terms) internal {
        _refund(terms.consumer, terms.currency, terms.fee, uint256(terms.gasFee) + terms.callbackFee);
    }

    function _refund(address consumer, address currency, uint256 fee, uint256 gasFees_) internal {
        if (currency == NATIVE) {
            _credit(NATIVE, consumer, fee + gasFees_);
        } else {
            _credit(currency, consumer, fee);
            _credit(NATIVE, consumer, gasFees_);
        }
    }

    function _credit(address currency, address account, uint256 amount) internal {
        if (amount == 0) return;
        _credits[currency][account] += amount;
        emit Credited(account, currency, amount);
    }

    function _withdraw(address currency, address account, address receiver) private {
        HUB.requireRunning();
        uint256 amount = _credits[currency][account];
        require(amount != 0, NothingToWithdraw(account, currency));
        _credits[currency][account] = 0;
        emit Withdrawn(account, currency, receiver, amount);
        _send(currency, receiver, amount);
    }

    function _send(address currency, address receiver, uint256 amount) private {
        if (currency == NATIVE)
            require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
        else IERC20(currency).safeTransfer(receiver, amount);
    }

    function _pull(IERC20 token, uint256 amount) private {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balance = token.balanceOf(address(this));
        uint256 received = balance > before ? balance - before : 0;
        require(received == amount, TransferMismatch(amount, received));
    }
}
