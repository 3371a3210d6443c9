// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { IReceiptEscrow, Reservation, ReservationStatus } from "../interfaces/IReceiptEscrow.sol";
import { SlashSplit } from "../libraries/SlashSplit.sol";
import { Claim, ClaimStatus } from "../types/Claim.sol";
import { NotAContract } from "../types/Errors.sol";
import { Receipt } from "../types/Receipt.sol";
import { Lock } from "../types/Stake.sol";
import { ReservationDesk } from "./ReservationDesk.sol";
import { VoucherDesk } from "./VoucherDesk.sol";

/// @title ReceiptEscrow
/// @notice See `IReceiptEscrow`. Receipts as claims are here; reservations and payments in the contracts it inherits.
/// @dev Invariants: for every currency, what is held is at least the balances of all reservations and all credits; an
/// operator's `reserved` is the sum of the locks of its active reservations; a reservation's `openChallenges` is the sum
/// of those of its claims.
contract ReceiptEscrow is VoucherDesk {
    struct ClaimRecord {
        address consumer;
        uint48 challengeDeadline;
        uint32 openChallenges;
        ClaimStatus status;
        bytes32 reservation;
        bytes32 modelId;
        bytes32 inputsRoot;
        bytes32 outputsRoot;
    }

    IModelRegistry private immutable REGISTRY;
    address private immutable CHALLENGE_MANAGER;

    mapping(bytes32 claimId => ClaimRecord) private _claims;

    modifier onlyChallengeManager() {
        require(msg.sender == CHALLENGE_MANAGER, NotChallengeManager(msg.sender, CHALLENGE_MANAGER));
        _;
    }

    constructor(
        IModelRegistry registry_,
        IOperatorStaking staking_,
        address challengeManager_
    ) ReservationDesk(staking_) {
        require(address(registry_).code.length != 0, NotAContract(address(registry_)));
        require(challengeManager_.code.length != 0, NotAContract(challengeManager_));
        REGISTRY = registry_;
        CHALLENGE_MANAGER = challengeManager_;
    }

    /// @inheritdoc IReceiptEscrow
    function present(Receipt calldata receipt, bytes calldata signature) external returns (bytes32 claimId) {
        claimId = hashReceipt(receipt);
        ClaimRecord storage record = _claims[claimId];
        require(record.status == ClaimStatus.None, ReceiptPresentedBefore(claimId));
        Reservation storage r = _active(receipt.reservation);
        require(receipt.operator == r.operator, WrongOperator(receipt.operator, r.operator));
        require(receipt.version == r.version, WrongVersion(receipt.version, r.version));
        require(REGISTRY.exists(receipt.modelId), UnknownModel(receipt.modelId));
        require(receipt.issuedAt <= block.timestamp, NotIssuedYet(receipt.issuedAt));
        uint48 issuedAt = HUB.timeAt(receipt.issuedAt);
        require(issuedAt >= r.start && issuedAt <= r.end, NotReserved(issuedAt, r.start, r.end));
        uint48 challengeDeadline = issuedAt + r.window;
        require(HUB.time() <= challengeDeadline, ReceiptFinal(claimId, challengeDeadline));
        _requireSigner(claimId, signature, PROFILES.workerAt(receipt.operator, receipt.issuedAt));

        record.consumer = receipt.consumer;
        record.challengeDeadline = challengeDeadline;
        record.status = ClaimStatus.Answered;
        record.reservation = receipt.reservation;
        record.modelId = receipt.modelId;
        record.inputsRoot = receipt.inputsRoot;
        record.outputsRoot = receipt.outputsRoot;
        emit ReceiptPresented(claimId, receipt.reservation, receipt.operator, receipt, challengeDeadline);
    }

    /// @inheritdoc IClaimSource
    function challengeOpened(bytes32 claimId) external onlyChallengeManager {
        (ClaimRecord storage record, Reservation storage r) = _open(claimId);
        uint48 deadline = record.challengeDeadline;
        require(HUB.time() <= deadline, ChallengeWindowClosed(claimId, deadline));
        ++r.openChallenges;
        uint32 standing = ++record.openChallenges;
        emit ClaimChallenged(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function challengeClosed(bytes32 claimId) external onlyChallengeManager {
        ClaimRecord storage record = _claims[claimId];
        uint32 standing = record.openChallenges;
        require(standing != 0, NoOpenChallenge(claimId));
        record.openChallenges = --standing;
        --_reservations[record.reservation].openChallenges;
        emit ClaimChallengeClosed(claimId, standing);
    }

    /// @inheritdoc IClaimSource
    function settleWrong(bytes32 claimId, address[] calldata challengers) external onlyChallengeManager {
        (ClaimRecord storage record, Reservation storage r) = _open(claimId);
        bytes32 reservation = record.reservation;
        record.status = ClaimStatus.Wrong;
        address operator = r.operator;
        Lock memory lock = STAKING.lockOf(address(this), operator, reservation);
        _close(reservation, r, ReservationStatus.Slashed);
        emit ClaimWrong(claimId, operator, lock.amount, 0);
        STAKING.slash(operator, reservation, SlashSplit.rewards(lock.own, challengers, record.consumer));
    }

    /// @inheritdoc IClaimSource
    function settleVoid(bytes32 claimId) external onlyChallengeManager {
        (ClaimRecord storage record, Reservation storage r) = _open(claimId);
        record.status = ClaimStatus.Void;
        emit ClaimVoid(claimId, r.operator, 0);
    }

    /// @inheritdoc IClaimSource
    function claim(bytes32 claimId) external view returns (Claim memory) {
        ClaimRecord storage record = _claims[claimId];
        Reservation storage r = _reservations[record.reservation];
        return
            Claim({
                status: _statusOf(record, r),
                publicInputs: false,
                operator: r.operator,
                consumer: record.consumer,
                modelId: record.modelId,
                inputsRoot: record.inputsRoot,
                outputsRoot: record.outputsRoot,
                lock: STAKING.lockOf(address(this), r.operator, record.reservation).amount,
                challengeDeadline: record.challengeDeadline,
                openChallenges: record.openChallenges
            });
    }

    /// @inheritdoc IReceiptEscrow
    function reservationOfClaim(bytes32 claimId) external view returns (bytes32) {
        return _claims[claimId].reservation;
    }

    /// @inheritdoc IReceiptEscrow
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IClaimSource
    function challengeManager() external view returns (address) {
        return CHALLENGE_MANAGER;
    }

    /// @inheritdoc IClaimSource
    function challengeWindow() external view returns (uint32) {
        return HUB.receiptParams().challengeWindow;
    }

    /// A claim that stands, on stake that stands.
    function _open(bytes32 claimId) private view returns (ClaimRecord storage record, Reservation storage r) {
        record = _claims[claimId];
        r = _reservations[record.reservation];
        require(record.status == ClaimStatus.Answered && r.status == ReservationStatus.Active, ClaimNotOpen(claimId));
    }

    /// Nobody has to finalise a receipt: an unchallenged one is final when its window ends, and all are settled with the
    /// first that is wrong.
    function _statusOf(ClaimRecord storage record, Reservation storage r) private view returns (ClaimStatus) {
        if (record.status != ClaimStatus.Answered) return record.status;
        if (r.status == ReservationStatus.Slashed) return ClaimStatus.Unbacked;
        bool over = HUB.time() > record.challengeDeadline && record.openChallenges == 0;
        return over ? ClaimStatus.Final : ClaimStatus.Answered;
    }
}
