// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ClaimStatus } from "../../types/Claim.sol";

// Whoever compares knows that a call is refused; why does not matter.
// solhint-disable gas-custom-errors, reason-string

/// @notice The life of one job, named or drawn, extracted from the job escrow for `npm run prove`: see `ChallengeLife`.
contract JobLife {
    uint256 private constant ENDED = 3;

    uint48 public time = 1;
    bool public paused;
    uint32 public windowInForce;

    ClaimStatus public status;
    uint48 public due;
    uint32 public openChallenges;
    bool public locked;
    uint256 public fee;

    /// The part of the fee that an answered job leaves to auditors, whatever becomes of it.
    uint256 public share;

    /// Where the fee went, and how often that was decided.
    uint256 public paid;
    uint256 public refunded;
    uint256 public pooled;
    uint256 private _payments;
    uint32 private _duration;
    /// Kept for the proofs alone: the challenge window, once begun.
    uint48 private _window;

    modifier keeps() {
        require(_holds());
        ClaimStatus before = status;
        uint256 rank = _rank();
        _;
        assert(_holds());
        // (14) Status only advances, and an end is an end; an operator that missed its deadline makes place for another.
        assert(_rank() >= rank);
        assert(rank != ENDED || status == before);
    }

    constructor() {
        assert(_holds());
    }

    function wait(uint48 to) external keeps {
        require(to > time && !paused);
        time = to;
    }

    function setPaused(bool paused_) external keeps {
        paused = paused_;
    }

    function govern(uint32 window) external keeps {
        windowInForce = window;
    }

    function request(uint96 fee_, uint96 share_, uint32 duration, bool named) external keeps {
        require(status == ClaimStatus.None && share_ <= fee_);
        fee = fee_;
        share = share_;
        _duration = duration;
        if (named) _assign();
        else status = ClaimStatus.Drawing;
    }

    function draw() external keeps {
        require(status == ClaimStatus.Drawing);
        _assign();
    }

    /// @param early Whether nobody can know yet who would be drawn.
    function cancel(bool early) external keeps {
        require(status == ClaimStatus.Drawing && early);
        _refund(ClaimStatus.Refunded, fee);
    }

    /// @param possible Whether there is anybody to draw from.
    function redraw(bool possible) external keeps {
        require(possible);
        _miss();
        status = ClaimStatus.Drawing;
        locked = false;
        due = 0;
    }

    function submit() external keeps {
        require(status == ClaimStatus.Assigned && time <= due);
        status = ClaimStatus.Answered;
        due = time + windowInForce;
        if (_window == 0) _window = due;
    }

    /// @param outside Whether the opening shows an input outside the domain.
    function decline(bool outside) external keeps {
        require(status == ClaimStatus.Assigned && outside);
        _refund(ClaimStatus.Refunded, fee);
    }

    function expire() external keeps {
        _miss();
        _refund(ClaimStatus.Refunded, fee);
    }

    function challengeOpened() external keeps {
        require(status == ClaimStatus.Answered && time <= due);
        ++openChallenges;
    }

    function challengeClosed() external keeps {
        require(openChallenges != 0);
        --openChallenges;
    }

    function settleWrong() external keeps {
        require(status == ClaimStatus.Answered);
        _undo(ClaimStatus.Wrong);
    }

    function settleVoid() external keeps {
        require(status == ClaimStatus.Answered);
        _undo(ClaimStatus.Void);
    }

    function finalise() external keeps {
        require(status == ClaimStatus.Answered && !paused && time > due && openChallenges == 0);
        status = ClaimStatus.Final;
        paid += fee - share;
        pooled += share;
        ++_payments;
        locked = false;
    }

    function _assign() private {
        status = ClaimStatus.Assigned;
        due = time + _duration;
        locked = true;
    }

    function _miss() private view {
        require(status == ClaimStatus.Assigned && time > due);
    }

    function _undo(ClaimStatus to) private {
        pooled += share;
        _refund(to, fee - share);
    }

    function _refund(ClaimStatus to, uint256 amount) private {
        status = to;
        refunded += amount;
        ++_payments;
        locked = false;
    }

    function _holds() private view returns (bool) {
        bool ended = _rank() == ENDED;
        // (3) Each job pays operator or refunds consumer, exactly once.
        if (_payments != (ended ? 1 : 0)) return false;
        bool judged = ended && status != ClaimStatus.Refunded;
        if (share > fee || pooled != (judged ? share : 0)) return false;
        if (paid != (status == ClaimStatus.Final ? fee - share : 0)) return false;
        if (refunded != (ended && status != ClaimStatus.Final ? fee - pooled : 0)) return false;
        // (11) Stake stands behind it as long as anything is open.
        if (locked != (status == ClaimStatus.Assigned || status == ClaimStatus.Answered)) return false;
        // (18) The challenge window stays once it has begun.
        return _window == 0 || (due == _window && _rank() >= 2);
    }

    function _rank() private view returns (uint256) {
        if (status == ClaimStatus.None) return 0;
        if (status == ClaimStatus.Drawing || status == ClaimStatus.Assigned) return 1;
        return status == ClaimStatus.Answered ? 2 : ENDED;
    }
}
