// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IFinality } from "../interfaces/IFinality.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IModelRegistry } from "../interfaces/IModelRegistry.sol";
import { IOperatorProfiles } from "../interfaces/IOperatorProfiles.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { DemandTree } from "../libraries/DemandTree.sol";
import { Challenge, ChallengeStatus, Contest, Demand, Position } from "../types/Challenge.sol";
import { NotAContract } from "../types/Errors.sol";
import { ChallengeLedger } from "./ChallengeLedger.sol";
import { ChallengeTerms } from "./ChallengeTerms.sol";

/// @title State of the challenge manager, and how a challenge ends
abstract contract ChallengeStore is ChallengeLedger, ChallengeTerms {
    struct ContestState {
        Contest summary;
        /// Challenges with verdict wrong, in opening order.
        bytes32[] wrongs;
        address[] sharers;
    }

    IOperatorStaking private immutable STAKING;
    IOperatorProfiles internal immutable PROFILES;
    ITraceVerifier internal immutable VERIFIER;
    IModelRegistry internal immutable REGISTRY;

    mapping(bytes32 challengeId => Challenge) internal _challenges;
    mapping(bytes32 challengeId => mapping(uint128 position => Demand)) internal _demands;
    mapping(address source => mapping(bytes32 claimId => ContestState)) internal _contests;

    constructor(IOperatorStaking staking_, ITraceVerifier verifier_) ChallengeLedger(_hubOf(staking_)) {
        require(address(verifier_).code.length != 0, NotAContract(address(verifier_)));
        STAKING = staking_;
        PROFILES = staking_.profiles();
        VERIFIER = verifier_;
        REGISTRY = verifier_.registry();
    }

    /// @inheritdoc IChallengeManager
    function challenge(bytes32 challengeId) external view returns (Challenge memory) {
        return _challenges[challengeId];
    }

    /// @inheritdoc IChallengeManager
    function demandAt(bytes32 challengeId, Position calldata position) external view returns (Demand memory) {
        return _demands[challengeId][DemandTree.key(position)];
    }

    /// @inheritdoc IChallengeManager
    function contest(address source, bytes32 claimId) external view returns (Contest memory) {
        return _contests[source][claimId].summary;
    }

    /// @inheritdoc IChallengeManager
    function staking() external view returns (IOperatorStaking) {
        return STAKING;
    }

    /// @inheritdoc IChallengeManager
    function registry() external view returns (IModelRegistry) {
        return REGISTRY;
    }

    /// @inheritdoc IChallengeManager
    function verifier() external view returns (ITraceVerifier) {
        return VERIFIER;
    }

    /// @inheritdoc IFinality
    function hub() external view returns (IHub) {
        return HUB;
    }

    /// @inheritdoc IFinality
    function inclusionDelay() external view returns (uint32) {
        return HUB.inclusionDelay();
    }

    /// @inheritdoc IFinality
    function worstCaseFinality(uint32 challengeWindow, uint8 depth) external view returns (uint32) {
        return HUB.worstCaseFinality(challengeWindow, depth);
    }

    /// @dev Asks the trace verifier; its errors pass through.
    function _verify(bytes memory call) internal view returns (bytes memory answer) {
        return Address.functionStaticCall(address(VERIFIER), call);
    }

    function _require(bytes32 challengeId, ChallengeStatus needed) internal view returns (Challenge storage c) {
        c = _challenges[challengeId];
        require(c.status == needed, WrongChallengeStatus(challengeId, c.status, needed));
    }

    /// @dev Moves a challenge to a status that it never leaves, and tells its source.
    function _close(Challenge storage c, ChallengeStatus status) internal {
        c.status = status;
        IClaimSource(c.source).challengeClosed(c.claimId);
    }

    /// @dev Divides the bond of a lost challenge. What repays answered demands stays for `refundDemand`; of the rest,
    /// half is shared by `winner` and the demanders of all supplied demands at `path`, and what is left burns.
    function _forfeit(
        bytes32 challengeId,
        Challenge storage c,
        address winner,
        uint128[] memory path
    ) internal returns (uint256 reward, uint256 shares, uint256 burnt) {
        address[] memory sharers = new address[](path.length + 1);
        sharers[0] = winner;
        shares = 1;
        for (uint256 i; i < path.length; ++i) {
            Demand storage d = _demands[challengeId][path[i]];
            if (d.graceDeadline != 0) sharers[shares++] = d.demander;
        }
        uint256 rest = c.bond - c.paid;
        uint256 share = rest / 2 / shares;
        reward = share * shares;
        burnt = rest - reward;
        for (uint256 i; i < shares; ++i) _credit(sharers[i], share);
        _burn(burnt);
    }

    function _hubOf(IOperatorStaking staking_) private view returns (IHub) {
        require(address(staking_).code.length != 0, NotAContract(address(staking_)));
        return staking_.hub();
    }
}
