// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What the lottery says of a job.
enum Lot {
    /// Not answered, or settled already.
    None,
    /// The block that decides is still to come.
    Pending,
    /// Nothing to be done: it was not drawn.
    Blank,
    /// Drawn: anybody may start its audit.
    Drawn,
    /// Too late to start one, or the chain has forgotten the block.
    Lapsed,
    /// Its audit was started.
    Audited
}

/// One auditor's part of an audit. It only moves forward.
enum SeatStatus {
    None,
    /// Picked; has to commit.
    Picked,
    /// Has committed to a report, and has to open it.
    Committed,
    /// Ended: credited with its pay.
    Paid,
    /// Ended without pay: the claim was void or slashed, and the report was not false.
    Released,
    /// Ended: no report in time.
    Missed,
    /// Ended: the report was false, the audit stake is gone.
    Slashed
}

/// An audit, fixed when it starts.
struct Audit {
    /// Of the job's fee, in which auditors are paid.
    address currency;
    /// For each auditor whose report stands when the claim is final.
    uint96 pay;
    /// Last second for commitments; zero if there is no audit.
    uint48 commitDeadline;
    /// Last second for reports.
    uint48 reportDeadline;
    /// What each auditor stands to lose, in stake tokens.
    uint96 stake;
}

/// One auditor's part.
struct Seat {
    bytes32 jobId;
    address auditor;
    SeatStatus status;
    /// The report: an id of the challenge manager.
    bytes32 report;
}
