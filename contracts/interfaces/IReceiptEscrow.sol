// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IClaimSource } from "./IClaimSource.sol";
import { IModelRegistry } from "./IModelRegistry.sol";
import { IOperatorStaking } from "./IOperatorStaking.sol";
import { Receipt, ReservationOffer, Voucher } from "../types/Receipt.sol";

/// The life of a reservation. It only moves forward.
enum ReservationStatus {
    None,
    /// Its stake is locked; receipts may be issued until its end.
    Active,
    /// Its end and the receipt window have passed: the stake is free.
    Released,
    /// A receipt was proven wrong: the stake is gone.
    Slashed
}

/// @notice Stake set aside for one payer, and the deposit that pays for what it gets. Five slots, of which collecting
/// vouchers reads four and writes one.
struct Reservation {
    address operator;
    /// First and last second of protocol time in which receipts may be issued.
    uint48 start;
    uint48 end;
    address payer;
    /// Seconds from a receipt's issue to the end of its challenge window.
    uint32 window;
    /// Seconds from `thaw` until the payer can withdraw.
    uint32 thawPeriod;
    /// Version of the receipt parameters that it was made under.
    uint32 version;
    /// What vouchers pay in: a token, or zero for the native coin.
    address currency;
    /// Challenges that stand against its receipts.
    uint32 openChallenges;
    ReservationStatus status;
    /// First second in which the payer can have `thawing` back; zero if nothing thaws.
    uint48 thawedAt;
    /// What is left of the deposits.
    uint128 balance;
    /// What vouchers have paid so far.
    uint128 collected;
    uint128 thawing;
}

/// @notice A voucher with its payer's signature.
struct SignedVoucher {
    Voucher voucher;
    bytes signature;
}

/// @title Receipts: answers that were paid by vouchers and never touched the chain
/// @notice An operator signs an offer to reserve stake for a payer; the payer's deposit activates it. From then on the
/// payer signs vouchers for what it owes and the operator signs a receipt with every answer. A receipt becomes a claim
/// when anybody presents it, and is challenged like any other. All receipts of a reservation share its lock: the first
/// that is executed as wrong takes it whole.
/// @dev Payments are credits to be withdrawn. A deadline's own second still belongs to whoever has to keep it. The
/// reservation keeps the windows that were in force when it was activated.
interface IReceiptEscrow is IClaimSource {
    event ReservationActivated(
        bytes32 indexed reservation,
        address indexed operator,
        address indexed payer,
        uint256 lock,
        address currency,
        uint48 start,
        uint48 end,
        uint32 window,
        uint32 thawPeriod,
        uint32 version
    );
    event Deposited(bytes32 indexed reservation, uint256 amount, uint256 balance);
    /// @notice Nothing can be issued under the reservation after `end`.
    event ReservationEnded(bytes32 indexed reservation, address indexed operator, uint48 end);
    event ReservationReleased(bytes32 indexed reservation, address indexed operator);
    /// @notice The payer may withdraw `amount` from `thawedAt` on, as far as vouchers have left it; zero ends the thaw.
    event Thawing(bytes32 indexed reservation, uint256 amount, uint48 thawedAt);
    event ThawWithdrawn(bytes32 indexed reservation, address indexed payer, address receiver, uint256 amount);
    event Collected(
        bytes32 indexed reservation,
        address indexed operator,
        uint256 amount,
        uint256 collected,
        uint256 balance
    );
    /// @notice What vouchers have paid was divided: to the payout account, and to those who delegate to the operator.
    event FeesDivided(
        address indexed operator,
        address indexed currency,
        address payee,
        uint256 toOperator,
        uint256 toDelegators
    );
    /// @notice A receipt is a claim now; its window ends at `challengeDeadline`.
    event ReceiptPresented(
        bytes32 indexed claimId,
        bytes32 indexed reservation,
        address indexed operator,
        Receipt receipt,
        uint48 challengeDeadline
    );
    /// @notice The most stake that an operator's reservations may hold together.
    event ReservationCapChanged(address indexed operator, uint256 cap);
    event Credited(address indexed account, address indexed currency, uint256 amount);
    event Withdrawn(address indexed account, address indexed currency, address receiver, uint256 amount);

    error NotPayer(address caller, address payer);
    error NotOperator(address caller, address operator);
    /// @dev Signed by a key that the operator had not registered at that time.
    error WrongSigner(address signer, address worker);
    error OfferExpired(bytes32 reservation, uint48 activateBy);
    error ReservationExists(bytes32 reservation);
    error WrongReservationStatus(bytes32 reservation, ReservationStatus status, ReservationStatus needed);
    error DurationOutOfRange(uint32 duration, uint32 min, uint32 max);
    error LockTooSmall(uint256 lock, uint256 min);
    /// @dev The operator allows its keys to reserve no more than `cap` together.
    error CapExceeded(uint256 reserved, uint256 cap);
    error DepositTooSmall(uint256 amount, uint256 min);
    error CurrencyNotListed(address currency);
    /// @dev The value sent is not the amount (native coin), or not zero (token).
    error WrongValue(uint256 value, uint256 needed);
    /// @dev The token delivered another amount than was sent.
    error TransferMismatch(uint256 expected, uint256 received);
    error AlreadyEnded(bytes32 reservation, uint48 end);
    error ReservationRunning(bytes32 reservation, uint48 releasableAfter);
    error ReservationChallenged(bytes32 reservation, uint32 openChallenges);
    error NothingThawing(bytes32 reservation);
    error StillThawing(bytes32 reservation, uint48 thawedAt);
    /// @dev No voucher was signed by its payer and above what it has paid already.
    error NothingToCollect();
    error NothingToWithdraw(address account, address currency);
    error ReceiptPresentedBefore(bytes32 claimId);
    error WrongOperator(address operator, address needed);
    error WrongVersion(uint32 version, uint32 needed);
    error UnknownModel(bytes32 modelId);
    error NotIssuedYet(uint48 issuedAt);
    /// @dev Issued before the reservation's start or after its end, in protocol time.
    error NotReserved(uint48 issuedAt, uint48 start, uint48 end);
    /// @dev Nothing can be opened against the receipt any more.
    error ReceiptFinal(bytes32 claimId, uint48 challengeDeadline);

    // ------------------------------------------------------------ reservations

    /// @notice Sets the most stake that the caller's reservations may hold together. Standing ones are not touched.
    /// @dev Caller: an owner. Zero, as at the start, means that its hot key can reserve nothing.
    function setReservationCap(uint96 cap) external;

    /// @notice Accepts an operator's offer with a deposit; its stake is locked from now on.
    /// @dev Requires: caller is the offer's payer; chain time at most `activateBy`; signed by the operator's present worker
    /// key; not accepted before; duration, lock, deposit and currency within their limits; stake free and below the
    /// operator's cap. Effects: stake locked, deposit taken.
    /// @param amount Deposit; the value sent where the currency is the native coin.
    /// @return reservation `hashOffer(offer)`
    function activate(
        ReservationOffer calldata offer,
        bytes calldata signature,
        uint128 amount
    ) external payable returns (bytes32 reservation);

    /// @notice Adds to a reservation's deposit. Anybody may; what is added is the payer's.
    function deposit(bytes32 reservation, uint128 amount) external payable;

    /// @notice Brings a reservation's end forward to now: later receipts are no claims.
    /// @dev Caller: the operator's owner or worker.
    function endReservation(bytes32 reservation) external;

    /// @notice Frees the stake of a reservation when its end and the receipt window have passed and no challenge stands.
    function release(bytes32 reservation) external;

    // ---------------------------------------------------------------- payments

    /// @notice Announces that the payer wants `amount` of its deposit back, in place of an earlier announcement.
    /// @dev Caller: the payer. The period starts anew. Vouchers can be collected until it is withdrawn.
    function thaw(bytes32 reservation, uint128 amount) external;

    /// @notice Pays the thawed amount, or what vouchers have left of it.
    /// @dev Caller: the payer.
    function withdrawThawed(bytes32 reservation, address payable receiver) external;

    /// @notice Collects vouchers, of any payers, for the operators of their reservations. Anybody may call.
    /// @dev Each pays what it states beyond what its reservation has paid already, as far as the deposit goes; the rest
    /// can be collected when more is there. Vouchers with nothing to pay and those that are not signed by their payer are
    /// passed over, so that no payer can stand in the way of others; if nothing at all is collected it reverts. A payer's
    /// contract is asked (ERC-1271) with at most `SIGNATURE_GAS`.
    function collect(SignedVoucher[] calldata vouchers) external returns (uint256[] memory amounts);

    /// @notice Pays what is credited to `account`, to that account. Anybody may call.
    function withdraw(address currency, address payable account) external;

    /// @notice Pays what is credited to the caller to `receiver`.
    function withdrawTo(address currency, address payable receiver) external;

    // ------------------------------------------------------------------ claims

    /// @notice Puts a receipt on-chain as a claim. Anybody may.
    /// @dev Requires: the reservation is active; signed by the key that was the operator's worker at the issue time; issued
    /// during the reservation's life and not in the future; window not passed; the model exists. A deprecated model does not
    /// protect who signs for it.
    /// @return claimId `hashReceipt(receipt)`
    function present(Receipt calldata receipt, bytes calldata signature) external returns (bytes32 claimId);

    // ------------------------------------------------------------------- views

    /// @notice A reservation; all zero if there is none.
    function reservationOf(bytes32 reservation) external view returns (Reservation memory);

    /// @notice Reservation behind a presented receipt; zero if it was not presented.
    function reservationOfClaim(bytes32 claimId) external view returns (bytes32);

    /// @notice The stake that an operator's reservations hold, and the most that they may.
    function reservedBy(address operator) external view returns (uint96 reserved, uint96 cap);

    function creditOf(address currency, address account) external view returns (uint256);

    /// @notice EIP-712 digests of this contract: what is signed, and the ids of reservations and claims.
    function hashOffer(ReservationOffer calldata offer) external view returns (bytes32);

    function hashReceipt(Receipt calldata receipt) external view returns (bytes32);

    function hashVoucher(Voucher calldata voucher) external view returns (bytes32);

    function registry() external view returns (IModelRegistry);

    function staking() external view returns (IOperatorStaking);
}
