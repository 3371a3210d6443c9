// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Governed parameters of the whole suite. The hub keeps them; bounds and what must hold between them are in
// `contracts/hub/ParameterRules.sol`. Fields are ordered so that what one transaction reads shares a slot. Durations are
// in seconds, shares in basis points.

/// @notice Read by the staking contract.
struct StakingParams {
    /// From an exit request until the tokens may leave.
    uint32 unbonding;
    /// From the announcement of a commission until it applies.
    uint32 commissionDelay;
    /// Least time in jail.
    uint32 jailTime;
    /// Strikes in one epoch that send an operator to jail.
    uint8 strikesToJail;
    /// Stake tokens that burn at a release from jail.
    uint96 releaseFee;
    /// Least stake tokens that one delegation adds.
    uint96 minDelegation;
}

/// @notice Read by the job escrow.
struct JobParams {
    /// From an answer until it can become final.
    uint32 challengeWindow;
    /// Longest time that a request may give the operator; bounds how long a job can hold stake.
    uint32 maxDuration;
    /// Least stake behind a job, in stake tokens: it has to cover what a challenge costs.
    uint96 lockFloor;
    /// Part of each fee that pays auditors.
    uint16 auditShare;
    /// Part of a job's lock that burns where its operator misses the deadline.
    uint16 missPenalty;
    /// Most gas that the delivery of a final answer can be given.
    uint32 maxCallbackGas;
}

/// @notice Read by the receipt escrow.
struct ReceiptParams {
    /// From the issue of a receipt until it can't be challenged any more.
    uint32 challengeWindow;
    /// Longest life of a reservation.
    uint32 maxReservation;
    /// From a payer's request until its deposit may leave.
    uint32 payerThaw;
    /// Least stake behind a reservation, in stake tokens.
    uint96 reservationFloor;
}

/// @notice Read by the challenge manager.
struct ChallengeParams {
    uint32 refutationWindow;
    uint32 supplyWindow;
    uint32 graceWindow;
    uint32 airGap;
    /// Least bond, in native coin.
    uint96 bondFloor;
    /// What a demand costs at least: `priceMultiple` times its cost.
    uint8 priceMultiple;
    /// Least base fee that costs are computed with, in wei for one gas.
    uint48 baseFeeFloor;
    /// Price of a byte of transaction data where there is no oracle, in wei.
    uint48 dataPrice;
    /// The chain's oracle of data prices, or zero.
    address feeOracle;
}

/// @notice Read by the audit lottery.
struct LotteryParams {
    /// Chance that a claim with public inputs is audited, in millionths.
    uint32 probability;
    /// Auditors of one audit.
    uint8 auditors;
    /// What an auditor stands to lose, in stake tokens.
    uint96 auditStake;
}

/// @notice All of them: a change is judged as a whole.
struct Parameters {
    StakingParams staking;
    JobParams jobs;
    ReceiptParams receipts;
    ChallengeParams challenges;
    LotteryParams lottery;
}
