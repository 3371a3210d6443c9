// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { Challenge, Contest } from "../types/Challenge.sol";
import { Claim } from "../types/Claim.sol";

/// @notice A moment, in both times.
struct Deadline {
    /// Protocol time; zero if there is none.
    uint48 time;
    /// Chain time at which protocol time gets there, if no other pause begins and one that runs lasts its longest; zero if
    /// it has passed.
    uint48 chainTime;
}

/// @notice Where a claim stands, and how long it can take.
struct ClaimLife {
    /// The hub knows the source.
    bool known;
    /// As the source shows it. Of a job that nobody presented to disputes only what the escrow keeps without its terms.
    Claim claim;
    /// A challenge can name it: it stands, and a job was presented.
    bool presented;
    /// What challenges have come to so far.
    Contest contest;
    /// Of a job that waits for its answer: last second for it.
    Deadline answer;
    /// Last second in which a challenge may be opened.
    Deadline challenge;
    /// First second in which it can be final: nothing was opened, or everything refuted. Only while it stands.
    Deadline earliest;
    /// When every dispute about it is over, at the parameters in force. Only while it stands.
    Deadline worst;
    /// Longest chain of demands that `worst` counts: the model's, or the most of any model where it is not known.
    uint8 depth;
    /// It stands, nothing can be opened against it any more, and nothing stands against it.
    bool undisputed;
}

/// @notice Where a challenge stands.
struct ChallengeLife {
    Challenge challenge;
    /// Last second for first demands.
    Deadline firstDemands;
    /// Last second for refutations, as far as is known: supplies can still extend it.
    Deadline refutation;
    /// First second in which it can be executed, once it is upheld.
    Deadline executable;
    /// When it can be executed at the latest, from its own terms; only while it is open or upheld.
    Deadline worst;
    /// What can be done now. A void may have to wait for other challenges beyond that.
    bool canRefute;
    bool canResolve;
    bool canExecute;
}

/// @notice Worst-case time from an answer to the end of every dispute about it.
struct Finality {
    address source;
    uint32 challengeWindow;
    uint32 worstCase;
}

/// @notice What the chain asks, and what stake is worth.
struct Market {
    /// Wei for one gas; the parameter's floor where that is more.
    uint128 baseFee;
    /// Wei for a byte of transaction data beside its gas; the parameter's where that is more.
    uint128 dataPrice;
    /// Wei for 10^18 units of the stake token.
    uint128 tokenPrice;
}

/// @notice A floor against the cost that it has to cover.
struct Floor {
    /// In stake tokens, or in wei for a bond.
    uint256 floor;
    /// What whoever brings the proof gets of it at least, in wei.
    uint256 worth;
    /// What the proof costs, in wei.
    uint256 cost;
    bool covers;
}

/// @notice All three floors, for one model.
struct Floors {
    /// Least lock of a job: a challenger's part of it against a challenge.
    Floor lock;
    /// Least lock of a reservation: the same.
    Floor reservation;
    /// Least bond: a refuter's part of it against a refutation.
    Floor bond;
}

/// @title Claims: their clocks, and whether the numbers hold them up
/// @notice For people and their tools. No other contract depends on it, and it holds and changes nothing.
/// @dev Never reverts for an unknown source, claim, challenge or model: everything is zero, or as said.
interface IClaimLens {
    /// @dev The contracts that were given belong to different deployments.
    error ForeignPeer(address peer, address staking);

    /// @notice The life of one claim. A source that the hub does not know is not asked.
    function claimLife(IClaimSource source, bytes32 claimId) external view returns (ClaimLife memory);

    /// @notice The life of one challenge, with the terms that it was opened under.
    function challengeLife(bytes32 challengeId) external view returns (ChallengeLife memory);

    /// @notice How long a claim about a model can take from its answer, at each source, at the parameters in force:
    /// `challenge window + refutation + depth * (supply + grace) + air gap`. The undisputed case is the window alone.
    /// @return known Whether there is such a model; else the rest is empty.
    /// @return depth The model's longest chain of demands.
    function finalityOf(bytes32 modelId) external view returns (bool known, uint8 depth, Finality[] memory perSource);

    /// @notice Whether the floors in force cover what they have to, for one model at given prices.
    /// @dev *Challenge*: everything from the commitment to the withdrawal, the model's roots included, without supplies, whose
    /// demands pay more than they cost. The challenger's part is that of a single one where the operator's own
    /// stake backs no more of the lock than it must. *Refutation*: the model's largest proof. Half of the bond may go for
    /// repayments; the refuter has half of the rest. Prices without bound overflow, and revert.
    /// @return known Whether there is such a model; else the rest is empty.
    function floorsOf(bytes32 modelId, Market calldata market) external view returns (bool known, Floors memory floors);

    /// @notice The chance of an audit that makes cheating a loss: the least `p` with `p * burn > gain + saving`, where only
    /// what surely burns of a lock counts, half of it.
    /// @param gain What a wrong answer brings, in wei: the fee at least.
    /// @param saving What not computing the answer saves, in wei.
    /// @param lock In stake tokens.
    /// @param tokenPrice Wei for 10^18 units of the stake token.
    /// @return possible False where `burn <= gain + saving`: no audit is enough, the lock is too small.
    /// @return probability In millionths, rounded up; zero where it is impossible.
    function neededProbability(
        uint128 gain,
        uint128 saving,
        uint96 lock,
        uint128 tokenPrice
    ) external pure returns (bool possible, uint32 probability);
}
