// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { IArbiter } from "../../contracts/interfaces/IArbiter.sol";
import { IFinality } from "../../contracts/interfaces/IFinality.sol";
import { JobParams, Offer } from "../../contracts/interfaces/IJobEscrow.sol";
import { RegistryParams } from "../../contracts/interfaces/IModelRegistry.sol";
import { IOperatorProfiles } from "../../contracts/interfaces/IOperatorProfiles.sol";
import { JobEscrow } from "../../contracts/jobs/JobEscrow.sol";
import { ModelRegistry } from "../../contracts/registry/ModelRegistry.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Claim, ClaimStatus } from "../../contracts/types/Claim.sol";
import { InputSpec, ModelContent, OutputSpec } from "../../contracts/types/Model.sol";
import { Provenance } from "../../contracts/types/Provenance.sol";
import { Broken, CHEATS } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";

/// @notice Any sequence of requests, answers, deadlines, challenges and settlements keeps the promises about jobs: fees are
/// paid or refunded exactly once, locks stand exactly as long as they should, status only advances.
/// The contract is the challenge manager, with the rights that the real one has and none of its caution.
contract JobSumsTest {
    uint256 private constant STEPS = 50;
    uint256 private constant MAX_JOBS = 12;
    uint96 private constant LOCK = 1e18;
    uint80 private constant PRICE = 1000;

    address private constant OPERATOR = address(0xA11CE);
    address private constant CONSUMER = address(0xB0B);
    address private constant WINNER = address(0xC0FFEE);

    Hub private _hub;
    OperatorStaking private _staking;
    JobEscrow private _jobs;
    bytes32 private _modelId;

    /// What should be true, kept beside the contract.
    bytes32[] private _ids;
    mapping(bytes32 jobId => ClaimStatus) private _last;
    mapping(bytes32 jobId => uint32) private _challenges;
    uint256 private _paidIn;
    uint256 private _paidOut;
    uint256 private _surplus;

    function setUp() public {
        _hub = Hubs.create(address(this));
        TestToken token = new TestToken(OPERATOR, 1e24, 0, 0);
        IArbiter[] memory arbiters = new IArbiter[](1);
        arbiters[0] = IArbiter(address(this));
        ModelRegistry registry = new ModelRegistry(arbiters, RegistryParams({ deposit: 0, depositDelay: 0 }));
        _staking = new OperatorStaking(token, _hub, true);
        _jobs = new JobEscrow(
            registry,
            _staking,
            IFinality(address(this)),
            JobParams({ challengeWindow: 1 days, maxDuration: 1 days, lockFloor: LOCK })
        );
        address[] memory sources = new address[](1);
        sources[0] = address(_jobs);
        _hub.seal(address(this), sources, new address[](0));
        _modelId = registry.register(_content(), Provenance(bytes32(uint256(1)), 0, "c", "l", "n", ""));

        CHEATS.deal(CONSUMER, 1e18);
        CHEATS.prank(OPERATOR);
        token.approve(address(_staking), type(uint256).max);
        CHEATS.prank(OPERATOR);
        _staking.deposit(OPERATOR, 100 * LOCK);
        IOperatorProfiles profiles = _staking.profiles();
        CHEATS.prank(OPERATOR);
        profiles.proposeWorker(OPERATOR);
        CHEATS.prank(OPERATOR);
        _jobs.setOffer(
            _modelId,
            Offer({ price: PRICE, maxLock: 4 * LOCK, minDuration: 0, concurrency: 5, open: true })
        );
    }

    function hub() external view returns (Hub) {
        return _hub;
    }

    function inclusionDelay() external pure returns (uint32) {
        return 1 hours;
    }

    function worstCaseFinality(uint32 challengeWindow, uint8) external pure returns (uint32) {
        return challengeWindow;
    }

    function testFuzz_everySequenceSettlesOnce(uint256 seed) public {
        for (uint256 step; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _step(seed);
            _check();
        }
    }

    function _step(uint256 seed) private {
        uint256 action = (seed >> 8) % 11;
        uint256 pick = seed >> 64;
        if (action <= 1 || _ids.length == 0) return _request(pick);
        if (action == 2) return CHEATS.warp(block.timestamp + (pick % 15 hours));
        if (action == 3) return _withdraw();
        bytes32 jobId = _ids[pick % _ids.length];
        if (action <= 5) _submit(jobId);
        else if (action == 6) _expire(jobId);
        else if (action == 7) _finalise(jobId);
        else if (action == 8) _open(jobId);
        else if (action == 9) _close(jobId);
        else _settle(jobId, pick >> 32);
    }

    function _request(uint256 pick) private {
        if (_ids.length == MAX_JOBS) return;
        uint256 value = PRICE + (pick % 3);
        bytes[] memory inputs = new bytes[](1);
        inputs[0] = abi.encodePacked(uint32(pick));
        (, uint16 waiting) = _jobs.offerOf(OPERATOR, _modelId);
        bool accepted = waiting < 5 && _staking.freeStake(OPERATOR) >= LOCK;
        CHEATS.prank(CONSUMER);
        try _jobs.request{ value: value }(_modelId, OPERATOR, inputs, LOCK, uint32((pick >> 32) % 1 days)) returns (
            bytes32 jobId
        ) {
            require(accepted, Broken(5, "a job without stake"));
            require(_last[jobId] == ClaimStatus.None, Broken(3, "two jobs with one id"));
            _ids.push(jobId);
            _paidIn += value;
            _surplus += value - PRICE;
        } catch {
            require(!accepted, Broken(3, "request refused"));
        }
    }

    function _submit(bytes32 jobId) private {
        bytes[] memory outputs = new bytes[](1);
        outputs[0] = hex"00000000";
        bool due = _last[jobId] == ClaimStatus.Assigned && block.timestamp <= _jobs.job(jobId).deadline;
        CHEATS.prank(OPERATOR);
        try _jobs.submit(jobId, outputs) {
            require(due, Broken(14, "answer out of turn"));
        } catch {
            require(!due, Broken(14, "answer refused"));
        }
    }

    function _expire(bytes32 jobId) private {
        bool due = _last[jobId] == ClaimStatus.Assigned && block.timestamp > _jobs.job(jobId).deadline;
        try _jobs.expire(jobId) {
            require(due, Broken(3, "expired out of turn"));
        } catch {
            require(!due, Broken(22, "expiry refused"));
        }
    }

    function _finalise(bytes32 jobId) private {
        bool due =
            _last[jobId] == ClaimStatus.Answered &&
                block.timestamp > _jobs.job(jobId).challengeDeadline &&
                _challenges[jobId] == 0;
        try _jobs.finalise(jobId) {
            require(due, Broken(14, "final out of turn"));
        } catch {
            require(!due, Broken(22, "finalising refused"));
        }
    }

    function _open(bytes32 jobId) private {
        bool due = _last[jobId] == ClaimStatus.Answered && block.timestamp <= _jobs.job(jobId).challengeDeadline;
        try _jobs.challengeOpened(jobId) {
            require(due, Broken(21, "challenge out of turn"));
            ++_challenges[jobId];
        } catch {
            require(!due, Broken(21, "challenge refused"));
        }
    }

    function _close(bytes32 jobId) private {
        try _jobs.challengeClosed(jobId) {
            --_challenges[jobId];
        } catch {
            require(_challenges[jobId] == 0, Broken(22, "closing refused"));
        }
    }

    function _settle(bytes32 jobId, uint256 pick) private {
        if (_last[jobId] != ClaimStatus.Answered) return;
        // No try: a settlement of an answered job succeeds in every state.
        if (pick & 1 == 0) return _jobs.settleVoid(jobId);
        address[] memory winners = new address[](1 + ((pick >> 8) % 8));
        for (uint256 i; i < winners.length; ++i) winners[i] = WINNER;
        _jobs.settleWrong(jobId, winners);
    }

    function _withdraw() private {
        uint256 credit = _jobs.creditOf(OPERATOR);
        if (credit == 0) return;
        _jobs.withdraw(payable(OPERATOR));
        _paidOut += credit;
    }

    function _check() private {
        uint256 escrowed;
        uint256 refunded;
        uint256 earned;
        uint256 waiting;
        uint256 locked;
        for (uint256 i; i < _ids.length; ++i) {
            bytes32 jobId = _ids[i];
            Claim memory claim = _jobs.claim(jobId);
            ClaimStatus status = claim.status;
            require(_follows(_last[jobId], status), Broken(14, "status went back"));
            _last[jobId] = status;
            bool open = status == ClaimStatus.Assigned || status == ClaimStatus.Answered;
            require(claim.lock == (open ? LOCK : 0), Broken(11, "a lock that is too short or too long"));
            require(claim.openChallenges == _challenges[jobId], Broken(21, "challenges miscounted"));
            if (open) (escrowed, locked) = (escrowed + PRICE, locked + LOCK);
            else if (status == ClaimStatus.Final) earned += PRICE;
            else refunded += PRICE;
            if (status == ClaimStatus.Assigned) ++waiting;
        }
        require(_jobs.creditOf(OPERATOR) + _paidOut == earned, Broken(3, "the operator's pay"));
        require(_jobs.creditOf(CONSUMER) == refunded + _surplus, Broken(3, "the consumer's refund"));
        require(address(_jobs).balance == escrowed + refunded + _surplus + earned - _paidOut, Broken(1, "coins"));
        require(address(_jobs).balance == _paidIn - _paidOut, Broken(1, "coins from nowhere"));
        require(_staking.ownPool(OPERATOR).locked == locked, Broken(6, "locks"));
        (, uint16 counted) = _jobs.offerOf(OPERATOR, _modelId);
        require(counted == waiting, Broken(3, "waiting jobs miscounted"));
    }

    function _follows(ClaimStatus from, ClaimStatus to) private pure returns (bool) {
        if (from == to) return true;
        if (from == ClaimStatus.None) return to == ClaimStatus.Assigned;
        if (from == ClaimStatus.Assigned) return to == ClaimStatus.Answered || to == ClaimStatus.Refunded;
        return from == ClaimStatus.Answered && to >= ClaimStatus.Final;
    }

    function _content() private pure returns (ModelContent memory content) {
        content.graphRoot = bytes32(uint256(1));
        content.nodeCount = 1;
        content.maxProofBytes = 1;
        content.maxProofGas = 1;
        content.depth = 1;
        content.inputs = new InputSpec[](1);
        content.inputs[0] = InputSpec({ dtype: 1, lo: 0, hi: 0, shape: new uint32[](0) });
        content.outputs = new OutputSpec[](1);
        content.outputs[0] = OutputSpec({ dtype: 1, node: 0, atol: 0, rtol: 0, shape: new uint32[](0) });
    }
}
