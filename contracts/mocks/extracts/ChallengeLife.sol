// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ChallengeStatus } from "../../types/Challenge.sol";

// Whoever compares knows that a call is refused; why does not matter.
// solhint-disable gas-custom-errors, reason-string

/// @notice The life of one challenge, extracted from the challenge manager so that `npm run prove` can decide its assertions
/// for sequences of any length: by induction, for every state in which `_holds` and every call there. `test/invariant/extracts.test.ts` plays random traces on both and compares them.
/// @dev All times are protocol times, which stand still in a pause. Of any number of demands, proofs watch one; which one is
/// anybody's choice, so what they say of it they say of each. Of another demand the caller tells what the manager stores.
/// What Arbiter, trace verifier and claim source answer is an argument too: every answer is tried.
contract ChallengeLife {
    struct Windows {
        uint32 refutation;
        uint32 supply;
        uint32 grace;
        uint32 airGap;
    }

    uint48 public time = 1;
    bool public paused;
    /// In force now; governance may change them at any time.
    Windows public inForce;
    bool public claimSettled;

    ChallengeStatus public status;
    Windows public windows;
    uint48 public refutationDeadline;
    uint48 public lastDeadline;
    uint48 public executableAt;
    uint32 public outstanding;
    /// Of the watched demand; zero: not made, or not answered.
    uint48 public supplyDeadline;
    uint48 public graceDeadline;

    /// Kept for the proofs alone: other demands that wait for their supply.
    uint32 private _others;

    modifier keeps() {
        require(_holds());
        ChallengeStatus before = status;
        (uint48 refutation, uint48 supply_) = (refutationDeadline, supplyDeadline);
        (uint48 grace, uint48 executable) = (graceDeadline, executableAt);
        _;
        assert(_holds());
        // (14) Status only advances, and an end is an end.
        assert(status >= before);
        assert(before <= ChallengeStatus.Upheld || status == before);
        // (18) No window changes after it has begun.
        assert(before == ChallengeStatus.None || refutationDeadline == refutation);
        assert(supply_ == 0 || supplyDeadline == supply_);
        assert(grace == 0 || graceDeadline == grace);
        assert(before <= ChallengeStatus.Open || executableAt == executable);
    }

    constructor() {
        assert(_holds());
    }

    // --------------------------------------------------------------- environment

    function wait(uint48 to) external keeps {
        require(to > time && !paused);
        time = to;
    }

    function setPaused(bool paused_) external keeps {
        paused = paused_;
    }

    function govern(Windows calldata windows_) external keeps {
        inForce = windows_;
    }

    /// Another challenge, or a proof about the domain, settles the claim.
    function settleClaim() external keeps {
        claimSettled = true;
    }

    // ------------------------------------------------------------------- actions

    function open() external keeps {
        require(status == ChallengeStatus.None && !paused && !claimSettled);
        status = ChallengeStatus.Open;
        windows = inForce;
        refutationDeadline = time + inForce.refutation;
        lastDeadline = refutationDeadline;
    }

    /// @param around Grace deadline of the supplied demand around it; zero for a first demand.
    function demand(bool watched, uint48 around) external keeps {
        require(status == ChallengeStatus.Open && !paused);
        require(time <= (around == 0 ? refutationDeadline : around));
        uint48 deadline = time + windows.supply;
        if (watched) {
            require(supplyDeadline == 0);
            supplyDeadline = deadline;
        } else {
            ++_others;
        }
        ++outstanding;
        if (deadline > lastDeadline) lastDeadline = deadline;
    }

    /// @param deadline Of another demand, which waits.
    function supply(bool watched, uint48 deadline) external keeps {
        require(watched ? supplyDeadline != 0 && graceDeadline == 0 : _others != 0);
        bool inTime = time <= (watched ? supplyDeadline : deadline);
        require(status == ChallengeStatus.Open && inTime);
        // (16) An answer in time is taken: counting it can't underflow.
        assert(outstanding != 0);
        uint48 grace = time + windows.grace;
        if (watched) graceDeadline = grace;
        else --_others;
        --outstanding;
        if (grace > lastDeadline) lastDeadline = grace;
    }

    /// @param valid Whether the evidence shows a wrong or ill-formed node.
    function refute(bool valid) external keeps {
        bool inTime = time <= refutationDeadline || time <= supplyDeadline || time <= graceDeadline;
        bool accepted = status == ChallengeStatus.Open && time <= lastDeadline && valid;
        // (15) A valid refutation in time wins, whatever else has happened to an open challenge ...
        assert(accepted || !(status == ChallengeStatus.Open && inTime && valid));
        require(accepted);
        status = ChallengeStatus.Refuted;
    }

    /// @param deadline Of another demand, which waits.
    function expire(bool watched, uint48 deadline) external keeps {
        require(status == ChallengeStatus.Open);
        require(watched ? supplyDeadline != 0 && graceDeadline == 0 : _others != 0);
        require(time > (watched ? supplyDeadline : deadline));
        status = ChallengeStatus.Unanswered;
    }

    function resolve() external keeps {
        bool answered = (supplyDeadline == 0 || graceDeadline != 0) && _others == 0;
        bool accepted = status == ChallengeStatus.Open && time > lastDeadline && outstanding == 0;
        // (16) A challenge that is unrefuted and has answered every demand is upheld, and no other is.
        assert(accepted == (status == ChallengeStatus.Open && time > lastDeadline && answered));
        require(accepted);
        // (15) ... and it is upheld only when no refutation can be in time any more.
        assert(time > refutationDeadline && time > supplyDeadline && time > graceDeadline);
        status = ChallengeStatus.Upheld;
        executableAt = time + windows.airGap;
    }

    /// @param decided Whether nothing older that outranks it, and no challenge window, is open.
    function execute(bool decided) external keeps {
        require(status == ChallengeStatus.Upheld && !paused && time >= executableAt);
        require(claimSettled || decided);
        claimSettled = true;
        status = ChallengeStatus.Settled;
    }

    function settle() external keeps {
        require(status == ChallengeStatus.Open || status == ChallengeStatus.Upheld);
        require(claimSettled);
        status = ChallengeStatus.Settled;
    }

    function emergencyVoid() external keeps {
        require(paused);
        if (status != ChallengeStatus.Open && status != ChallengeStatus.Upheld) return;
        claimSettled = true;
        status = ChallengeStatus.Refunded;
    }

    /// What holds in every reachable state: what waits is counted, and no deadline is after the last one.
    function _holds() private view returns (bool) {
        if (time == 0 || (graceDeadline != 0 && supplyDeadline == 0)) return false;
        bool waits = supplyDeadline != 0 && graceDeadline == 0;
        if (outstanding != _others + (waits ? 1 : 0)) return false;
        if (lastDeadline < refutationDeadline || lastDeadline < supplyDeadline || lastDeadline < graceDeadline)
            return false;
        return
            status != ChallengeStatus.None ||
            (supplyDeadline == 0 && graceDeadline == 0 && executableAt == 0 && outstanding == 0);
    }
}
