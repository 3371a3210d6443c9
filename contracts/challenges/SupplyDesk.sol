// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { DemandTree } from "../libraries/DemandTree.sol";
import { Challenge, ChallengeStatus, Demand, Position } from "../types/Challenge.sol";
import { DemandDesk } from "./DemandDesk.sol";

/// @title Answers to demands, and what becomes of those that get none
/// @dev Collision resistance makes the acceptable supply unique: its length is fixed by the shape, and it hashes to the
/// demanded root.
abstract contract SupplyDesk is DemandDesk {
    /// @inheritdoc IChallengeManager
    function supplyHashes(bytes32 challengeId, Position calldata position, bytes32[] calldata hashes) external {
        (Challenge storage c, Demand storage d, uint48 time) = _waiting(challengeId, position);
        VERIFIER.requireHashes(position, d.shape.leaves, d.root, hashes);
        emit HashesSupplied(challengeId, position, hashes, _accept(c, d, time));
    }

    /// @inheritdoc IChallengeManager
    function supplyLeaf(bytes32 challengeId, Position calldata position, bytes calldata leaf) external {
        (Challenge storage c, Demand storage d, uint48 time) = _waiting(challengeId, position);
        VERIFIER.requireLeaf(position, d.shape, d.root, leaf);
        emit LeafSupplied(challengeId, position, leaf, _accept(c, d, time));
    }

    /// @inheritdoc IChallengeManager
    function expire(bytes32 challengeId, Position calldata position) external {
        Challenge storage c = _require(challengeId, ChallengeStatus.Open);
        Demand storage d = _demandOf(challengeId, position);
        require(d.graceDeadline == 0, AlreadySupplied(challengeId, position));
        require(HUB.time() > d.supplyDeadline, SupplyOpen(challengeId, position, d.supplyDeadline));
        uint128[] memory path = VERIFIER.keysAround(c.modelId, position, d.shape.leaves);
        (uint256 reward, uint256 shares, uint256 burnt) = _forfeit(challengeId, c, d.demander, path);
        emit ChallengeUnanswered(challengeId, d.demander, position, reward, shares, burnt);
        _close(c, ChallengeStatus.Unanswered);
    }

    /// @inheritdoc IChallengeManager
    function refundDemand(bytes32 challengeId, Position calldata position) external {
        ChallengeStatus status = _challenges[challengeId].status;
        Demand storage d = _demandOf(challengeId, position);
        bool lost =
            status == ChallengeStatus.Refuted ||
                status == ChallengeStatus.Unanswered ||
                status == ChallengeStatus.Refunded;
        bool unspent = status == ChallengeStatus.Settled && d.graceDeadline == 0;
        require((lost || unspent) && !d.refunded, NothingToRefund(challengeId, position));
        d.refunded = true;
        emit DemandRefunded(challengeId, d.demander, position, d.price);
        _credit(d.demander, d.price);
    }

    /// Starts the grace window and passes the price on: at once while half of the bond can repay it, else at the end.
    function _accept(Challenge storage c, Demand storage d, uint48 time) private returns (uint48 graceDeadline) {
        graceDeadline = time + c.graceWindow;
        d.graceDeadline = graceDeadline;
        --c.outstanding;
        if (graceDeadline > c.lastDeadline) c.lastDeadline = graceDeadline;
        uint96 price = d.price;
        if (c.paid + price <= c.bond / 2) {
            c.paid += price;
            _credit(c.challenger, price);
        } else {
            c.held += price;
        }
    }

    function _waiting(
        bytes32 challengeId,
        Position calldata position
    ) private view returns (Challenge storage c, Demand storage d, uint48 time) {
        c = _require(challengeId, ChallengeStatus.Open);
        d = _demandOf(challengeId, position);
        require(d.graceDeadline == 0, AlreadySupplied(challengeId, position));
        time = HUB.time();
        require(time <= d.supplyDeadline, SupplyClosed(challengeId, position, d.supplyDeadline));
    }

    function _demandOf(bytes32 challengeId, Position calldata position) private view returns (Demand storage d) {
        d = _demands[challengeId][DemandTree.key(position)];
        require(d.demander != address(0), NotDemanded(challengeId, position));
    }
}
