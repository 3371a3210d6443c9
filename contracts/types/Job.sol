// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { ClaimStatus } from "./Claim.sol";

/// What an operator asks and grants for jobs that name it.
struct Offer {
    /// Zero for native coin, else a listed token.
    address currency;
    /// Fee for one job, in the currency.
    uint80 price;
    /// Gas of the operator's answer. A request pays it on top, in native coin, at twice the base fee of its block.
    uint32 answerGas;
    /// Most stake that one job may lock.
    uint96 maxLock;
    /// Shortest time to answer that it accepts, in seconds.
    uint32 minDuration;
    /// Most jobs of this kind on the model that may wait for its answer at a time.
    uint16 concurrency;
    /// Whether new jobs are taken; what is taken must be answered.
    bool open;
}

/// What an operator asks and grants for jobs that are drawn.
struct DrawTerms {
    /// Zero for native coin, else a listed token.
    address currency;
    /// Least fee, in the currency: jobs that offer less are not drawn to it.
    uint96 price;
    uint96 maxLock;
    uint32 minDuration;
    /// Most drawn jobs on the model that may wait for its answer at a time.
    uint16 concurrency;
}

/// What whoever answers has to accept.
struct JobNeeds {
    bytes32 modelId;
    address currency;
    uint80 fee;
    uint96 lock;
    uint32 duration;
}

/// What a consumer asks for.
struct JobRequest {
    bytes32 modelId;
    /// Who shall answer; zero to have an operator drawn.
    address operator;
    /// Zero for native coin, else a listed token. That of the operator's offer, if one is named.
    address currency;
    /// Named operator: the most to pay as its price. Drawn: the fee.
    uint80 maxFee;
    /// Stake behind the answer.
    uint96 lock;
    /// Seconds from the assignment until the answer is due.
    uint32 duration;
    /// Contract that is told the final answer; zero for none.
    address callback;
    /// Gas that its call gets.
    uint32 callbackGas;
}

/// An EIP-2612 permit of the caller for the escrow, over the fee.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// All that a job is about, fixed when it is requested. The hash of this, with chain and contract, is the job's id, so
/// contracts keep only the id, and whoever acts on a job brings its terms along; they are in its `JobRequested` event.
struct JobTerms {
    bytes32 modelId;
    /// Named operator; zero where one is drawn.
    address operator;
    address consumer;
    /// Counts the consumer's jobs, from 0.
    uint64 nonce;
    bytes32 inputsRoot;
    address currency;
    /// Escrowed in the currency: split on finality, or refunded; an answered job leaves its audit share in every case.
    uint80 fee;
    /// Escrowed in native coin for the operator's gas.
    uint80 gasFee;
    uint96 lock;
    uint32 duration;
    /// Gets `royalty` hundredths of a percent of the fee.
    address publisher;
    uint16 royalty;
    /// Hundredths of a percent of the fee for the audit pool.
    uint16 auditShare;
    /// Hundredths of a percent of the lock that burn if the deadline is missed.
    uint16 missPenalty;
    address callback;
    uint32 callbackGas;
    /// Escrowed in native coin for whoever delivers the final answer.
    uint80 callbackFee;
}

/// What the escrow stores of a job.
struct Job {
    ClaimStatus status;
    /// Who has to answer, or has; zero while none is drawn.
    address operator;
    /// It was drawn, so its lock is draw stake.
    bool drawn;
    /// Last second in which the answer is accepted; zero before the assignment and after the answer.
    uint48 deadline;
    /// Last second in which a challenge may be opened; zero before the answer.
    uint48 challengeDeadline;
    uint32 openChallenges;
    /// Low 16 bits of the number of the block with the answer: the audit lottery's seed lies a few blocks later.
    uint16 answeredIn;
    bytes32 outputsRoot;
    /// Stake tokens that back the job; zero once it is settled.
    uint96 lock;
    /// The final answer's delivery failed and can be tried again.
    bool undelivered;
}
