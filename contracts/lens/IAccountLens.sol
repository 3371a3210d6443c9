// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { Offer } from "../types/Job.sol";
import { Conduct, DrawStake, Exit, OperatorTerms, Pool, Position } from "../types/Stake.sol";

/// @notice What is credited to one account in one currency.
struct Credit {
    /// A token, or zero for the native coin.
    address currency;
    uint256 jobs;
    uint256 receipts;
    /// Pay for audits, which goes to its payout account and its delegators as far as the pool reaches.
    uint256 audits;
}

/// @notice All that one account can withdraw by itself, delegators' fees and stake excepted.
struct Owed {
    address account;
    /// Native coin in the challenge manager: bonds that came back, shares of lost ones, prices of demands.
    uint256 challenges;
    /// Stake tokens from slashes.
    uint256 rewards;
    /// One entry for every currency that the hub lists.
    Credit[] fees;
}

/// @notice An operator: what it has, what is bound, and what it is owed.
struct OperatorAccount {
    Pool own;
    Pool delegated;
    /// What a new lock could take, other than of a draw.
    uint256 freeStake;
    /// All that can be slashed, queued exits included.
    uint256 stake;
    DrawStake draws;
    uint32 epoch;
    /// Weight in draws of this epoch.
    uint96 drawWeight;
    /// Stake that its reservations hold, and the most that they may.
    uint96 reserved;
    uint96 reservationCap;
    Conduct conduct;
    /// Stake tokens that burn when it leaves jail; zero outside.
    uint256 releaseFee;
    address worker;
    address pendingWorker;
    OperatorTerms terms;
    /// In force now, in basis points.
    uint16 commission;
    /// Its own exits have the ids 0 to `exitCount - 1`.
    uint32 exitCount;
    /// What is owed to the owner, to its payout account and to its worker. The same account may stand here more than once.
    Owed owner;
    Owed payout;
    Owed hotKey;
}

/// @notice What one delegator can collect in one currency.
struct Earning {
    address currency;
    uint256 amount;
}

/// @notice One delegator's part of one operator.
struct Delegation {
    Position position;
    /// Of the delegated pool that the position is in; lower ones have retired.
    uint32 generation;
    /// Shares that earn fees, of how many.
    uint128 earningShares;
    uint128 allEarningShares;
    /// Collectable in one call that names this pool, what other pools settled before included.
    Earning[] earnings;
}

/// @notice One queued exit.
struct QueuedExit {
    uint32 exitId;
    Exit exit;
    /// It can be withdrawn now.
    bool withdrawable;
}

/// @notice What is left of a holder's shares in one retired pool.
struct RetiredPosition {
    uint32 generation;
    uint256 amount;
    /// Fees that the shares have earned, as `Delegation.earnings`; empty for an operator's own pool.
    Earning[] earnings;
}

/// @notice A challenger: what it is owed, and what its challenges hold.
struct ChallengerAccount {
    Owed owed;
    /// Its challenges among those that were asked for, that have not ended.
    uint256 standing;
    /// Their bonds.
    uint256 bonds;
    /// Prices of answered demands, paid out already: the bond repays them where the challenge is lost.
    uint256 paid;
    /// Prices of answered demands that wait for the end.
    uint256 held;
    /// Demands that wait for a supply.
    uint256 outstanding;
}

/// @notice One offer, as it stands.
struct PostedOffer {
    bytes32 modelId;
    Offer offer;
    /// Jobs that wait for the operator's answer.
    uint16 waiting;
}

/// @title What accounts have and are owed, in one call each
/// @notice For people and their tools. No other contract depends on it, and it holds and changes nothing.
/// @dev Never reverts for an unknown account or id: everything is zero. Amounts are those of the block that the call is
/// made at. Contracts keep no lists of locks, reservations or challenges; their ids are in events.
interface IAccountLens {
    /// @dev The contracts that were given belong to different deployments.
    error ForeignPeer(address peer, address staking);

    /// @notice Everything about an operator.
    /// @param operator The owner's address.
    function operatorAccount(address operator) external view returns (OperatorAccount memory);

    /// @notice Everything about what `holder` delegates to `operator`. What it is owed elsewhere is in `owedTo`.
    function delegation(address operator, address holder) external view returns (Delegation memory);

    /// @notice What `account` is owed, with the sum of its standing challenges.
    /// @param challengeIds From `ChallengeOpened` events, each once; those of others and those that ended are passed over.
    function challengerAccount(
        address account,
        bytes32[] calldata challengeIds
    ) external view returns (ChallengerAccount memory);

    /// @notice What `account` can withdraw by itself.
    function owedTo(address account) external view returns (Owed memory);

    /// @notice Exits of `holder` from `operator`, with those that are withdrawn or cancelled left out.
    /// @param start First exit id to look at.
    /// @param count Most exit ids to look at.
    /// @return page In order of their ids.
    /// @return next Where the next page starts; zero where this one is the last.
    function exits(
        address operator,
        address holder,
        uint32 start,
        uint32 count
    ) external view returns (QueuedExit[] memory page, uint32 next);

    /// @notice What `holder` has left in retired pools of `operator`, empty ones included.
    /// @param start First generation.
    /// @param count Most generations to look at.
    /// @return page In order of their generations.
    /// @return next Where the next page starts; zero where this one is the last.
    function retiredPositions(
        address operator,
        address holder,
        uint32 start,
        uint32 count
    ) external view returns (RetiredPosition[] memory page, uint32 next);

    /// @notice An operator's offers for some models, and how many jobs wait under each.
    function offersOf(address operator, bytes32[] calldata modelIds) external view returns (PostedOffer[] memory);
}
