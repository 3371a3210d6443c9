// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import { IHub } from "../interfaces/IHub.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { IReceiptEscrow, Reservation, ReservationStatus } from "../interfaces/IReceiptEscrow.sol";
import { ReceiptHashes } from "../libraries/ReceiptHashes.sol";
import { NotAContract } from "../types/Errors.sol";
import { ReceiptParams } from "../types/Parameters.sol";
import { Receipt, ReservationOffer, Voucher } from "../types/Receipt.sol";
import { CurrencyLedger } from "./CurrencyLedger.sol";

/// @title Stake that is set aside for payers, and its end
abstract contract ReservationDesk is CurrencyLedger, EIP712 {
    struct Reserve {
        uint96 reserved;
        uint96 cap;
    }

    IOperatorStaking internal immutable STAKING;
    IOperatorProfiles internal immutable PROFILES;
    IHub internal immutable HUB;

    mapping(bytes32 id => Reservation) internal _reservations;
    mapping(address operator => Reserve) private _reserves;

    constructor(IOperatorStaking staking_) EIP712("Touchstone Receipts", "1") {
        require(address(staking_).code.length != 0, NotAContract(address(staking_)));
        STAKING = staking_;
        PROFILES = staking_.profiles();
        HUB = staking_.hub();
    }

    /// @inheritdoc IReceiptEscrow
    function setReservationCap(uint96 cap) external {
        _reserves[msg.sender].cap = cap;
        emit ReservationCapChanged(msg.sender, cap);
    }

    /// @inheritdoc IReceiptEscrow
    function activate(
        ReservationOffer calldata offer,
        bytes calldata signature,
        uint128 amount
    ) external payable nonReentrant returns (bytes32 reservation) {
        require(msg.sender == offer.payer, NotPayer(msg.sender, offer.payer));
        reservation = hashOffer(offer);
        Reservation storage r = _reservations[reservation];
        require(r.status == ReservationStatus.None, ReservationExists(reservation));
        require(block.timestamp <= offer.activateBy, OfferExpired(reservation, offer.activateBy));
        _requireSigner(reservation, signature, PROFILES.workerOf(offer.operator));
        ReceiptParams memory params = HUB.receiptParams();
        require(
            offer.duration != 0 && offer.duration <= params.maxReservation,
            DurationOutOfRange(offer.duration, 1, params.maxReservation)
        );
        require(offer.lock >= params.reservationFloor, LockTooSmall(offer.lock, params.reservationFloor));
        uint256 least = offer.minDeposit == 0 ? 1 : offer.minDeposit;
        require(amount >= least, DepositTooSmall(amount, least));
        require(HUB.isCurrency(offer.currency), CurrencyNotListed(offer.currency));
        Reserve storage reserve = _reserves[offer.operator];
        uint256 reserved = uint256(reserve.reserved) + offer.lock;
        require(reserved <= reserve.cap, CapExceeded(reserved, reserve.cap));
        reserve.reserved = uint96(reserved);

        uint48 start = HUB.time();
        r.operator = offer.operator;
        r.start = start;
        r.end = start + offer.duration;
        r.payer = offer.payer;
        r.window = params.challengeWindow;
        r.thawPeriod = params.payerThaw;
        r.version = HUB.parametersVersion();
        r.currency = offer.currency;
        r.status = ReservationStatus.Active;
        emit ReservationActivated(
            reservation,
            offer.operator,
            offer.payer,
            offer.lock,
            offer.currency,
            start,
            r.end,
            params.challengeWindow,
            params.payerThaw,
            r.version
        );
        STAKING.lock(offer.operator, reservation, offer.lock);
        _fund(reservation, r, amount);
    }

    /// @inheritdoc IReceiptEscrow
    function deposit(bytes32 reservation, uint128 amount) external payable nonReentrant {
        Reservation storage r = _existing(reservation);
        require(amount != 0, DepositTooSmall(0, 1));
        _fund(reservation, r, amount);
    }

    /// @inheritdoc IReceiptEscrow
    function endReservation(bytes32 reservation) external {
        Reservation storage r = _active(reservation);
        address operator = r.operator;
        require(msg.sender == operator || msg.sender == PROFILES.workerOf(operator), NotOperator(msg.sender, operator));
        uint48 time = HUB.time();
        require(time < r.end, AlreadyEnded(reservation, r.end));
        r.end = time;
        emit ReservationEnded(reservation, operator, time);
    }

    /// @inheritdoc IReceiptEscrow
    function release(bytes32 reservation) external {
        HUB.requireRunning();
        Reservation storage r = _active(reservation);
        uint48 last = r.end + r.window;
        require(HUB.time() > last, ReservationRunning(reservation, last));
        require(r.openChallenges == 0, ReservationChallenged(reservation, r.openChallenges));
        _close(reservation, r, ReservationStatus.Released);
        emit ReservationReleased(reservation, r.operator);
        STAKING.unlock(r.operator, reservation);
    }

    /// @inheritdoc IReceiptEscrow
    function reservationOf(bytes32 reservation) external view returns (Reservation memory) {
        return _reservations[reservation];
    }

    /// @inheritdoc IReceiptEscrow
    function reservedBy(address operator) external view returns (uint96 reserved, uint96 cap) {
        Reserve storage reserve = _reserves[operator];
        return (reserve.reserved, reserve.cap);
    }

    /// @inheritdoc IReceiptEscrow
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IReceiptEscrow
    function hashOffer(ReservationOffer calldata offer) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(offer));
    }

    /// @inheritdoc IReceiptEscrow
    function hashReceipt(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(receipt));
    }

    /// @inheritdoc IReceiptEscrow
    function hashVoucher(Voucher calldata voucher) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptHashes.hash(voucher));
    }

    /// @dev Ends the hold on stake: the caller unlocks or slashes it.
    function _close(bytes32 reservation, Reservation storage r, ReservationStatus status) internal {
        r.status = status;
        address operator = r.operator;
        _reserves[operator].reserved -= STAKING.lockOf(address(this), operator, reservation).amount;
    }

    function _requireSigner(bytes32 digest, bytes calldata signature, address worker) internal pure {
        address signer = ECDSA.recoverCalldata(digest, signature);
        require(signer == worker, WrongSigner(signer, worker));
    }

    function _existing(bytes32 reservation) internal view returns (Reservation storage r) {
        r = _reservations[reservation];
        require(
            r.status != ReservationStatus.None,
            WrongReservationStatus(reservation, r.status, ReservationStatus.Active)
        );
    }

    function _active(bytes32 reservation) internal view returns (Reservation storage r) {
        r = _reservations[reservation];
        require(
            r.status == ReservationStatus.Active,
            WrongReservationStatus(reservation, r.status, ReservationStatus.Active)
        );
    }

    function _fund(bytes32 reservation, Reservation storage r, uint128 amount) private {
        uint128 balance = r.balance + amount;
        r.balance = balance;
        emit Deposited(reservation, amount, balance);
        _take(r.currency, amount);
    }
}
