// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Whoever compares knows that a call is refused; why does not matter.
// solhint-disable gas-custom-errors, reason-string

/// @notice The coins of one challenge, extracted from the challenge manager for `npm run prove`: see `ChallengeLife`.
/// @dev Demands of one kind are a sum: a price that leaves the sum was in it, which is the one thing assumed of it.
contract BondLedger {
    enum Stage {
        None,
        Running,
        /// Refuted or unanswered: the bond is divided.
        Lost,
        /// Settled: the bond goes back.
        Won,
        /// Voided in an emergency.
        Refunded
    }

    Stage public stage;
    uint128 public bond;
    uint128 public paid;
    uint128 public held;
    /// Base prices of demands that wait, and of those that were answered, as long as they may still go back.
    uint128 public waiting;
    uint128 public answered;

    /// What came in, and what it became.
    uint256 public received;
    uint256 public credited;
    uint256 public burnt;

    modifier keeps() {
        require(_holds());
        _;
        assert(_holds());
        // (2) Paid and burnt is what came in, once a challenge is over and all demands are paid back.
        assert(stage <= Stage.Running || owed() != 0 || received == credited + burnt);
    }

    constructor() {
        assert(_holds());
    }

    function open(uint128 value) external keeps {
        require(stage == Stage.None);
        stage = Stage.Running;
        bond = value;
        received = value;
    }

    function demand(uint96 price, uint128 surcharge, uint128 value) external keeps {
        require(stage == Stage.Running);
        require(value >= uint256(price) + surcharge);
        received += value;
        waiting += price;
        burnt += surcharge;
        credited += value - price - surcharge;
    }

    function supply(uint96 price) external keeps {
        require(stage == Stage.Running && price <= waiting);
        waiting -= price;
        answered += price;
        if (paid + price <= bond / 2) {
            paid += price;
            credited += price;
        } else {
            held += price;
        }
    }

    /// @param reward What winner and path share: what half of the rest divides into without remainder.
    function forfeit(uint128 reward) external keeps {
        require(stage == Stage.Running);
        uint128 rest = bond - paid;
        require(reward <= rest / 2);
        credited += reward;
        burnt += rest - reward;
        stage = Stage.Lost;
    }

    function settle() external keeps {
        require(stage == Stage.Running);
        credited += uint256(bond) + held;
        stage = Stage.Won;
    }

    function emergencyVoid() external keeps {
        require(stage == Stage.Running);
        credited += bond - paid;
        stage = Stage.Refunded;
    }

    /// @param wasAnswered Of the demand whose price goes back to who made it.
    function refund(uint96 price, bool wasAnswered) external keeps {
        require(stage == Stage.Lost || stage == Stage.Refunded || (stage == Stage.Won && !wasAnswered));
        require(price <= (wasAnswered ? answered : waiting));
        if (wasAnswered) answered -= price;
        else waiting -= price;
        credited += price;
    }

    /// @notice What the manager still owes because of this challenge, beside credits.
    function owed() public view returns (uint256) {
        if (stage == Stage.Running) return uint256(bond) + held + waiting;
        // A won challenge keeps what it answered.
        if (stage == Stage.Won) return waiting;
        return uint256(waiting) + answered;
    }

    /// Paid and burnt is what came in but for what still stands, and enough of the bond is left to repay what it lent.
    function _holds() private view returns (bool) {
        if (stage == Stage.None) return received + credited + burnt + bond + paid + held + waiting + answered == 0;
        if (paid > bond / 2) return false;
        if (stage == Stage.Running && uint256(paid) + held != answered) return false;
        return received == credited + burnt + owed();
    }
}
