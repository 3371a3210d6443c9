// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { IArbiter } from "../interfaces/IArbiter.sol";
import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IClaimSource } from "../interfaces/IClaimSource.sol";
import { IOperatorStaking } from "../interfaces/IOperatorStaking.sol";
import { ITraceVerifier } from "../interfaces/ITraceVerifier.sol";
import { PassedOn } from "../libraries/PassedOn.sol";
import { Challenge, ChallengeStatus, Deviation, Verdict } from "../types/Challenge.sol";
import { Claim, ClaimStatus, ElementOpening } from "../types/Claim.sol";
import { Evidence, Facts } from "../types/Evidence.sol";
import { ChallengeParams } from "../types/Parameters.sol";
import { ChallengeStore } from "./ChallengeStore.sol";
import { ContestDesk } from "./ContestDesk.sol";

/// @title Disputes about claims
/// @notice See `IChallengeManager`. Opening and refuting are here; demands, supplies and settlement in the contracts it
/// inherits.
contract ChallengeManager is ContestDesk {
    struct Commitment {
        uint48 time;
        uint48 number;
    }

    /// @notice Seconds in which a commitment can be opened: an hour, and as long as an opening can be kept from the chain.
    uint32 public immutable COMMIT_LIFE;

    /// Position of the evidence among the arguments of `refute`.
    uint256 private constant EVIDENCE = 1;

    mapping(address challenger => mapping(bytes32 challengeId => Commitment)) private _commitments;

    constructor(IOperatorStaking staking_, ITraceVerifier verifier_) ChallengeStore(staking_, verifier_) {
        COMMIT_LIFE = 1 hours + HUB.inclusionDelay();
    }

    /// @inheritdoc IChallengeManager
    function commitChallenge(bytes32 challengeId) external {
        _commitments[msg.sender][challengeId] = Commitment(HUB.runningTime(), uint48(block.number));
        emit ChallengeCommitted(challengeId, msg.sender);
    }

    /// @inheritdoc IChallengeManager
    function openChallenge(
        IClaimSource source,
        bytes32 claimId,
        bytes32 traceRoot,
        Deviation calldata deviation,
        bytes32[] calldata roots,
        bytes32 salt
    ) external payable returns (bytes32 challengeId) {
        Challenge memory c;
        c.source = address(source);
        c.claimId = claimId;
        c.traceRoot = traceRoot;
        c.openedAt = HUB.runningTime();
        challengeId = _useCommitment(c, deviation.claimed, salt);
        Claim memory claim = _claim(source, claimId);
        c.modelId = claim.modelId;
        c.inputsRoot = claim.inputsRoot;
        ChallengeParams memory params = HUB.challengeParams();
        uint256 bond = _bond(params, VERIFIER.depthOf(claim.modelId), block.basefee);
        require(msg.value >= bond, BondTooSmall(msg.value, bond));
        _judge(challengeId, c, claim.outputsRoot, deviation.claimed);
        _store(challengeId, c, params, claim.challengeDeadline);
        if (roots.length != 0) emit RootsGiven(challengeId, roots);
        source.challengeOpened(claimId);
    }

    /// @inheritdoc IChallengeManager
    function refute(bytes32 challengeId, Evidence calldata evidence) external {
        Challenge storage c = _require(challengeId, ChallengeStatus.Open);
        require(HUB.time() <= c.lastDeadline, RefutationClosed(challengeId, c.lastDeadline));
        require(!_isConsistent(c), NodeConsistent(evidence.nodeIndex, evidence.element));
        uint128[] memory path;
        if (c.demands != 0) {
            path = VERIFIER.keysAroundElement(
                c.modelId,
                evidence.nodeIndex,
                evidence.element,
                evidence.node,
                evidence.nodeProof
            );
        }
        (uint256 reward, uint256 shares, uint256 burnt) = _forfeit(challengeId, c, msg.sender, path);
        emit ChallengeRefuted(challengeId, msg.sender, evidence.nodeIndex, evidence.element, reward, shares, burnt);
        _close(c, ChallengeStatus.Refuted);
    }

    /// @inheritdoc IChallengeManager
    function voidOutsideDomain(IClaimSource source, bytes32 claimId, ElementOpening calldata opening) external {
        Claim memory claim = _claim(source, claimId);
        require(
            HUB.runningTime() <= claim.challengeDeadline || claim.openChallenges != 0,
            ClaimClosed(address(source), claimId, claim.challengeDeadline)
        );
        // VERIFIER.outsideDomain(modelId, inputsRoot, opening), without encoding the opening again.
        bytes memory answer = _verify(
            PassedOn.replaceTwo(ITraceVerifier.outsideDomain.selector, claim.modelId, claim.inputsRoot)
        );
        uint64 bits = abi.decode(answer, (uint64));
        emit DomainVoided(address(source), claimId, msg.sender, opening.tensor, opening.element, bits);
        _settleVoid(source, claimId);
    }

    /// @inheritdoc IChallengeManager
    function commitmentOf(
        address challenger,
        bytes32 challengeId
    ) external view returns (uint48 committedAt, uint48 committedBlock) {
        Commitment storage commitment = _commitments[challenger][challengeId];
        return (commitment.time, commitment.number);
    }

    /// @inheritdoc IChallengeManager
    function bondFor(bytes32 modelId, uint256 baseFee) external view returns (uint256) {
        return _bond(HUB.challengeParams(), VERIFIER.depthOf(modelId), baseFee);
    }

    /// @inheritdoc IChallengeManager
    function challengeIdOf(
        address challenger,
        IClaimSource source,
        bytes32 claimId,
        bytes32 traceRoot,
        uint32 output,
        uint32 element,
        bytes32 salt
    ) public view returns (bytes32) {
        return
            keccak256(
                abi.encode(block.chainid, address(this), challenger, source, claimId, traceRoot, output, element, salt)
            );
    }

    /// What the model's Arbiter says of the evidence that `refute` was given. Errors of malformed evidence pass through.
    function _isConsistent(Challenge storage c) private view returns (bool) {
        (IArbiter arbiter, Facts memory facts) = REGISTRY.facts(c.modelId);
        facts.inputsRoot = c.inputsRoot;
        facts.traceRoot = c.traceRoot;
        // arbiter.check(facts, evidence), without encoding the evidence again.
        uint256 offset = abi.encode(facts, uint256(0)).length;
        bytes memory head = abi.encodeWithSelector(IArbiter.check.selector, facts, offset);
        bytes memory answer = Address.functionStaticCall(address(arbiter), PassedOn.appendTo(head, EVIDENCE));
        return abi.decode(answer, (bool));
    }

    /// Requires a commitment to exactly this challenge, and takes it.
    function _useCommitment(
        Challenge memory c,
        ElementOpening calldata claimed,
        bytes32 salt
    ) private returns (bytes32 challengeId) {
        challengeId = challengeIdOf(
            msg.sender,
            IClaimSource(c.source),
            c.claimId,
            c.traceRoot,
            claimed.tensor,
            claimed.element,
            salt
        );
        require(_challenges[challengeId].status == ChallengeStatus.None, ChallengeExists(challengeId));
        Commitment memory commitment = _commitments[msg.sender][challengeId];
        require(commitment.time != 0, NotCommitted(challengeId));
        require(block.number > commitment.number, CommitTooFresh(challengeId, commitment.number));
        uint48 expiry = commitment.time + COMMIT_LIFE;
        require(c.openedAt <= expiry, CommitExpired(challengeId, expiry));
        delete _commitments[msg.sender][challengeId];
    }

    /// Fills in what opening fixes, stores and announces the challenge.
    function _store(
        bytes32 challengeId,
        Challenge memory c,
        ChallengeParams memory params,
        uint48 challengeDeadline
    ) private {
        c.challenger = msg.sender;
        c.refutationDeadline = c.openedAt + params.refutationWindow;
        c.lastDeadline = c.refutationDeadline;
        c.status = ChallengeStatus.Open;
        c.bond = SafeCast.toUint128(msg.value);
        c.supplyWindow = params.supplyWindow;
        c.graceWindow = params.graceWindow;
        c.airGap = params.airGap;
        c.baseFeeFloor = params.baseFeeFloor;
        c.dataPrice = params.dataPrice;
        c.priceMultiple = params.priceMultiple;
        c.feeOracle = params.feeOracle;
        _challenges[challengeId] = c;
        _receive();
        _enter(challengeId, c, challengeDeadline);
        emit ChallengeOpened(
            challengeId,
            c.source,
            c.claimId,
            msg.sender,
            c.verdict,
            c.modelId,
            c.traceRoot,
            msg.value,
            c.refutationDeadline
        );
    }

    function _judge(
        bytes32 challengeId,
        Challenge memory c,
        bytes32 outputsRoot,
        ElementOpening calldata opening
    ) private {
        // VERIFIER.judge(modelId, outputsRoot, traceRoot, deviation, roots, salt), without encoding them again.
        bytes memory answer = _verify(PassedOn.replaceTwo(ITraceVerifier.judge.selector, c.modelId, outputsRoot));
        uint64 claimed;
        uint64 audited;
        (c.verdict, claimed, audited) = abi.decode(answer, (Verdict, uint64, uint64));
        emit DeviationShown(challengeId, opening.tensor, opening.element, claimed, audited);
    }

    /// A claim of this deployment that stands.
    function _claim(IClaimSource source, bytes32 claimId) private view returns (Claim memory claim) {
        require(HUB.mayLock(address(source)), UnknownSource(address(source)));
        claim = source.claim(claimId);
        require(claim.status == ClaimStatus.Answered, ClaimNotChallengeable(address(source), claimId, claim.status));
    }
}
