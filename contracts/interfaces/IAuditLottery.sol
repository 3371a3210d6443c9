// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IChallengeManager } from "./IChallengeManager.sol";
import { IClaimSource } from "./IClaimSource.sol";
import { IJobEscrow } from "./IJobEscrow.sol";
import { Audit, Lot, Seat, SeatStatus } from "../types/Audit.sol";
import { JobTerms } from "../types/Job.sol";

/// @title Paid checks of answers that nobody asked for
/// @notice Nobody checks a network that never cheats, so checking is paid. Of the answered jobs some are drawn, and for each of them
/// a few auditors, who run the model again and report: the root of their audit trace, and one wrong element of the answer or none.
/// @dev A report is opened in the challenge manager, under a bond. One that finds something wrong is a challenge against the job.
/// One that finds nothing is a challenge against the auditor's own seat, of which this contract is the source: such a claim has
/// no outputs, so nothing has to deviate and the verdict is right; but its root can be refuted and its data demanded, in the same
/// time and by the same calls. What auditors commit to is the id of the challenge that they will open: it binds the account,
/// trace root and element under a salt.
/// Times are the protocol's. Auditors are operators of the staking contract: their stake set aside for draws is their weight,
/// and what they lose.
interface IAuditLottery is IClaimSource {
    /// @notice `weight` is the auditor's in draws about the model from epoch `fromEpoch` on; zero once it has left.
    event AuditorWeighed(address indexed auditor, bytes32 indexed modelId, uint32 fromEpoch, uint256 weight);
    event AuditDrawn(bytes32 indexed jobId, bytes32 indexed modelId, Audit audit, address[] auditors);
    event ReportCommitted(bytes32 indexed jobId, address indexed auditor, bytes32 indexed report);
    event SeatSettled(bytes32 indexed jobId, address indexed auditor, SeatStatus status, uint256 pay);
    event PayCollected(
        address indexed auditor,
        address indexed currency,
        address indexed payee,
        uint256 amount,
        uint256 toDelegators
    );

    error NoDrawStake(address auditor, uint32 epoch);
    error NotListed(address auditor, bytes32 modelId);
    /// @dev Only a job that is drawn can be audited; see `lotOf`.
    error NotDrawn(bytes32 jobId, Lot lot);
    /// @dev None of those that were picked has the stake free, or nobody has joined for the model.
    error NobodyToAudit(bytes32 jobId);
    /// @dev Neither the auditor nor its worker.
    error NotAuditor(address caller, address auditor);
    error WrongSeatStatus(bytes32 jobId, address auditor, SeatStatus status, SeatStatus needed);
    error CommitClosed(bytes32 jobId, uint48 commitDeadline);
    /// @dev Reports that find nothing are opened when nobody can commit any more.
    error CommitOpen(bytes32 jobId, uint48 commitDeadline);
    error ReportClosed(bytes32 jobId, uint48 reportDeadline);
    /// @dev The time for reports has not passed, the report can still be refuted, or the claim is not settled.
    error NotSettleable(bytes32 jobId, address auditor);
    /// @dev Nothing is earned, or the pool is empty: it fills as jobs become final.
    error NothingToCollect(address auditor, address currency);
    error ForeignPeer(address peer, address staking);

    /// @notice Has the caller drawn for audits of a model, by its stake set aside for draws, from the next epoch on.
    /// @dev Whoever joins must hold the model: what it is drawn for and does not report is a strike.
    function join(bytes32 modelId) external;

    /// @notice Has the caller drawn no more from the next epoch on. Audits that it was drawn for go on.
    function quit(bytes32 modelId) external;

    /// @notice Takes over an auditor's present draw stake as its weight from the next epoch on. Anybody may call.
    function refresh(bytes32 modelId, address auditor) external;

    /// @notice Starts the audit of a drawn job: picks its auditors and locks their stake. Anybody may call.
    /// @dev Requires `lotOf(job) == Lot.Drawn`. Effects: the job is presented to disputes; up to `auditors` seats.
    function draw(JobTerms calldata terms) external returns (bytes32 jobId);

    /// @notice Commits an auditor to a report: a challenge that it will open against the job, or against its seat at this contract
    /// where it finds nothing wrong.
    /// @dev Auditor or its worker, who opens the challenge too; until the commit deadline. The report must be opened until the report
    /// deadline; one that finds nothing, after the commit deadline.
    /// @param report `IChallengeManager.challengeIdOf(caller, source, claimId, traceRoot, output, element, salt)` with this
    /// contract, `seatIdOf(jobId, auditor)`, output 0 and element 0 where nothing is wrong.
    function commit(bytes32 jobId, address auditor, bytes32 report) external;

    /// @notice Ends an auditor's part: pay for a report that stands when the claim is final; the audit stake is lost with a
    /// refuted report, and where the claim was slashed and the report found nothing; a strike for no report. Anybody may call.
    /// @dev Not during a pause.
    function settle(bytes32 jobId, address auditor) external;

    /// @notice Pays what an auditor has earned, as far as the pool reaches: to its payout account, and to its delegators their
    /// part. Anybody may call.
    /// @dev Not during a pause.
    function collect(address auditor, address currency) external;

    /// @notice Whether a job can be audited now.
    function lotOf(bytes32 jobId) external view returns (Lot);

    function audit(bytes32 jobId) external view returns (Audit memory);

    /// @notice One auditor's part of an audit: see `seatIdOf`.
    function seat(bytes32 seatId) external view returns (Seat memory);

    /// @notice The claim id of an auditor's seat, and the id of its lock.
    function seatIdOf(bytes32 jobId, address auditor) external pure returns (bytes32);

    /// @notice What an auditor has earned and not been paid yet.
    function earned(address auditor, address currency) external view returns (uint256);

    /// @notice An auditor's weight in draws about a model.
    /// @param epoch The current one or its neighbours.
    function weightOf(bytes32 modelId, address auditor, uint32 epoch) external view returns (uint256);

    function totalWeight(bytes32 modelId, uint32 epoch) external view returns (uint256);

    function jobs() external view returns (IJobEscrow);

    function challenges() external view returns (IChallengeManager);
}
