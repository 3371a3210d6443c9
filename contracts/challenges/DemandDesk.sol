// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { DemandTree } from "../libraries/DemandTree.sol";
import { PassedOn } from "../libraries/PassedOn.sol";
import { Challenge, ChallengeStatus, Demand, DemandedSubtree, Position, TreeShape } from "../types/Challenge.sol";
import { ChallengeStore } from "./ChallengeStore.sol";

/// @title Demands for parts of a trace that nobody can show
/// @dev A position is demanded at most once, so every chain of demands ends after the model's depth; supply deadlines
/// never move.
abstract contract DemandDesk is ChallengeStore {
    /// @inheritdoc IChallengeManager
    function demand(bytes32 challengeId, DemandedSubtree calldata subtree) external payable {
        Challenge storage c = _require(challengeId, ChallengeStatus.Open);
        uint48 time = HUB.runningTime();
        require(time <= c.refutationDeadline, FirstDemandsClosed(challengeId, c.refutationDeadline));
        // VERIFIER.locate(modelId, traceRoot, subtree), without encoding the subtree again.
        bytes memory head = abi.encodeWithSelector(ITraceVerifier.locate.selector, c.modelId, c.traceRoot, 3 * 32);
        TreeShape memory shape = abi.decode(_verify(PassedOn.appendTo(head, 1)), (TreeShape));
        (uint96 price, uint256 surcharge) = _quote(c, subtree.position, shape.leaves);
        if (surcharge != 0 && _takeAccusedSlot(challengeId, c, subtree.position)) surcharge = 0;
        _record(challengeId, c, subtree, shape, price, surcharge, time + c.supplyWindow);
    }

    /// @inheritdoc IChallengeManager
    function demandDeeper(
        bytes32 challengeId,
        Position calldata around,
        DemandedSubtree calldata subtree
    ) external payable {
        Challenge storage c = _require(challengeId, ChallengeStatus.Open);
        Demand storage outer = _demands[challengeId][DemandTree.key(around)];
        require(outer.graceDeadline != 0, NotSupplied(challengeId, around));
        uint48 time = HUB.runningTime();
        require(time <= outer.graceDeadline, GraceOver(challengeId, around, outer.graceDeadline));
        // VERIFIER.locateInside(modelId, around, shape, root, subtree), the same way: positions are three words, shapes two.
        bytes memory head = abi.encodeWithSelector(
            ITraceVerifier.locateInside.selector,
            c.modelId,
            around,
            outer.shape,
            outer.root,
            8 * 32
        );
        TreeShape memory shape = abi.decode(_verify(PassedOn.appendTo(head, 4)), (TreeShape));
        (uint96 price, uint256 surcharge) = _quote(c, subtree.position, shape.leaves);
        if (surcharge != 0) {
            if (outer.demander == msg.sender && !outer.followed) {
                outer.followed = true;
                surcharge = 0;
            } else if (_takeAccusedSlot(challengeId, c, subtree.position)) {
                surcharge = 0;
            }
        }
        _record(challengeId, c, subtree, shape, price, surcharge, time + c.supplyWindow);
    }

    /// @inheritdoc IChallengeManager
    function demandPrice(
        bytes32 challengeId,
        uint256 payload,
        uint256 baseFee
    ) external view returns (uint256 price, uint256 surcharge) {
        Challenge storage c = _challenges[challengeId];
        // What a challenge that was opened now would ask, where there is none.
        bool exists = c.status != ChallengeStatus.None;
        uint96 base = _price(exists ? _pricesOf(c) : _pricesOf(HUB.challengeParams()), payload, baseFee);
        return (base, _surcharge(base, c.outstanding));
    }

    function _record(
        bytes32 challengeId,
        Challenge storage c,
        DemandedSubtree calldata subtree,
        TreeShape memory shape,
        uint96 price,
        uint256 surcharge,
        uint48 supplyDeadline
    ) private {
        Demand storage d = _demands[challengeId][DemandTree.key(subtree.position)];
        require(d.demander == address(0), AlreadyDemanded(challengeId, subtree.position));
        require(msg.value >= price + surcharge, DemandTooCheap(msg.value, price + surcharge));
        d.demander = msg.sender;
        d.supplyDeadline = supplyDeadline;
        d.root = subtree.root;
        d.price = price;
        d.shape = shape;
        ++c.demands;
        ++c.outstanding;
        if (supplyDeadline > c.lastDeadline) c.lastDeadline = supplyDeadline;
        emit Demanded(challengeId, msg.sender, subtree.position, subtree.root, price, surcharge, supplyDeadline);
        _receive();
        _burn(surcharge);
        _credit(msg.sender, msg.value - price - surcharge);
    }

    /// Whether the sender is the accused and has no other demand outstanding at the base price; takes the slot if so.
    function _takeAccusedSlot(
        bytes32 challengeId,
        Challenge storage c,
        Position calldata position
    ) private returns (bool) {
        uint128 taken = c.accusedSlot;
        if (taken != 0 && _demands[challengeId][taken].graceDeadline == 0) return false;
        address operator = IClaimSource(c.source).claim(c.claimId).operator;
        if (msg.sender != operator && msg.sender != PROFILES.workerOf(operator)) return false;
        c.accusedSlot = DemandTree.key(position);
        return true;
    }

    function _quote(
        Challenge storage c,
        Position calldata position,
        uint32 leaves
    ) private view returns (uint96 price, uint256 surcharge) {
        price = _price(_pricesOf(c), VERIFIER.payloadOf(position, leaves), block.basefee);
        surcharge = _surcharge(price, c.outstanding);
    }
}
