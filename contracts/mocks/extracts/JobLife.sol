// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ClaimStatus } from "../../types/Claim.sol";

/// @notice The life of one job that names its operator, extracted from the job escrow for `npm run prove`: see `ChallengeLife`.
contract JobLife {
    uint48 public time = 1;
    bool public paused;
    uint32 public windowInForce;

    ClaimStatus public status;
    uint48 public due;
    uint32 public openChallenges;
    bool public locked;
    uint256 public fee;

    /// Where the fee went, and how often that was decided.
    uint256 public paid;
    uint256 public refunded;
    uint256 private _payments;
    /// Kept for the proofs alone: the challenge window, once begun.
    uint48 private _window;

    modifier keeps() {
        require(_holds());
        ClaimStatus before = status;
        _;
        assert(_holds());
        // (14) Status only advances, and an end is an end.
        assert(status >= before);
        assert(before < ClaimStatus.Refunded || status == before);
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

    function request(uint96 fee_, uint32 duration) external keeps {
        require(status == ClaimStatus.None);
        status = ClaimStatus.Assigned;
        due = time + duration;
        fee = fee_;
        locked = true;
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
        _refund(ClaimStatus.Refunded);
    }

    function expire() external keeps {
        require(status == ClaimStatus.Assigned && time > due);
        _refund(ClaimStatus.Refunded);
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
        _refund(ClaimStatus.Wrong);
    }

    function settleVoid() external keeps {
        require(status == ClaimStatus.Answered);
        _refund(ClaimStatus.Void);
    }

    function finalise() external keeps {
        require(status == ClaimStatus.Answered && !paused && time > due && openChallenges == 0);
        status = ClaimStatus.Final;
        paid += fee;
        ++_payments;
        locked = false;
    }

    function _refund(ClaimStatus to) private {
        status = to;
        refunded += fee;
        ++_payments;
        locked = false;
    }

    function _holds() private view returns (bool) {
        bool ended = status >= ClaimStatus.Refunded;
        // (3) Each job pays operator or refunds consumer, exactly once.
        if (_payments != (ended ? 1 : 0)) return false;
        if (paid != (status == ClaimStatus.Final ? fee : 0)) return false;
        if (refunded != (ended && status != ClaimStatus.Final ? fee : 0)) return false;
        // (11) Stake stands behind it as long as anything is open.
        if (locked != (status == ClaimStatus.Assigned || status == ClaimStatus.Answered)) return false;
        // (18) The challenge window stays once it has begun.
        return status < ClaimStatus.Answered ? _window == 0 : _window == 0 || due == _window;
    }
}
