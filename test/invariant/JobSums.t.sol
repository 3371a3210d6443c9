// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { IArbiter } from "../../contracts/interfaces/IArbiter.sol";
import { IClaimSource } from "../../contracts/interfaces/IClaimSource.sol";
import { IFinality } from "../../contracts/interfaces/IFinality.sol";
import { IJobEscrow } from "../../contracts/interfaces/IJobEscrow.sol";
import { RegistryParams } from "../../contracts/interfaces/IModelRegistry.sol";
import { IOperatorProfiles } from "../../contracts/interfaces/IOperatorProfiles.sol";
import { ITraceVerifier } from "../../contracts/interfaces/ITraceVerifier.sol";
import { JobEscrow } from "../../contracts/jobs/JobEscrow.sol";
import { OfferBook } from "../../contracts/jobs/OfferBook.sol";
import { ModelRegistry } from "../../contracts/registry/ModelRegistry.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Claim, ClaimStatus } from "../../contracts/types/Claim.sol";
import { DrawTerms, Job, JobRequest, JobTerms, Offer } from "../../contracts/types/Job.sol";
import { InputSpec, ModelContent, OutputSpec } from "../../contracts/types/Model.sol";
import { Provenance } from "../../contracts/types/Provenance.sol";
import { Broken, CHEATS } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";
import { Sequences } from "./Sequences.sol";

/// @notice Any sequence of requests, draws, answers, deadlines, challenges and settlements keeps the promises about jobs: fees are
/// paid or refunded exactly once, locks stand exactly as long as they should, status only advances.
/// The contract is the challenge manager, with the rights that the real one has and none of its caution.
contract JobSumsTest is Sequences {
    uint256 private constant MAX_JOBS = 12;
    uint96 private constant LOCK = 1e18;
    uint80 private constant PRICE = 1003;
    uint256 private constant AUDIT = (uint256(PRICE) * 500) / 10_000;
    uint16 private constant ROYALTY = 1000;
    uint16 private constant CONCURRENCY = 3;
    /// Of what the operator has staked; enough for some drawn jobs, and not for all.
    uint96 private constant SET_ASIDE = 5 * LOCK;
    uint256 private constant SEED_DELAY = 4;
    address private constant NATIVE = address(0);

    address private constant OPERATOR = address(0xA11CE);
    address private constant CONSUMER = address(0xB0B);
    address private constant WINNER = address(0xC0FFEE);

    Hub private _hub;
    TestToken private _token;
    OperatorStaking private _staking;
    OfferBook private _offers;
    JobEscrow private _jobs;
    /// One offered for native coin, one for tokens.
    bytes32[2] private _models;

    /// What should be true, kept beside the contract.
    bytes32[] private _ids;
    mapping(bytes32 jobId => JobTerms) private _terms;
    mapping(bytes32 jobId => ClaimStatus) private _last;
    mapping(bytes32 jobId => uint32) private _challenges;
    mapping(bytes32 jobId => bool) private _presented;
    mapping(address currency => uint256) private _paidOut;
    uint256 private _surplus;

    function setUp() public {
        // Terms that were posted in epoch 0 would count as settling.
        CHEATS.warp(10 days);
        _hub = Hubs.create(address(this));
        _token = new TestToken(OPERATOR, 1e24, 0, 0);
        _hub.addCurrency(address(_token));
        IArbiter[] memory arbiters = new IArbiter[](2);
        arbiters[1] = IArbiter(address(this));
        RegistryParams memory params = RegistryParams({ deposit: 0, depositDelay: 0, royaltyDelay: 1 days });
        ModelRegistry registry = new ModelRegistry(_hub, arbiters, params);
        _staking = new OperatorStaking(_token, _hub, true);
        _offers = new OfferBook(registry, _staking);
        _jobs = new JobEscrow(_offers, ITraceVerifier(address(this)), IFinality(address(this)));
        address[] memory sources = new address[](2);
        sources[0] = address(_jobs);
        sources[1] = address(this);
        _hub.seal(address(this), sources, new address[](0));

        CHEATS.deal(CONSUMER, 1e18);
        CHEATS.prank(CONSUMER);
        _token.approve(address(_jobs), type(uint256).max);
        CHEATS.prank(OPERATOR);
        _token.approve(address(_staking), type(uint256).max);
        CHEATS.prank(OPERATOR);
        _staking.deposit(OPERATOR, 100 * LOCK);
        IOperatorProfiles profiles = _staking.profiles();
        CHEATS.prank(OPERATOR);
        profiles.proposeWorker(OPERATOR);
        for (uint256 i; i < 2; ++i) {
            Provenance memory provenance = Provenance(bytes32(i + 1), 0, "c", "l", "n", "");
            _models[i] = registry.register(_content(i), provenance, ROYALTY);
            CHEATS.prank(OPERATOR);
            _offers.setOffer(
                _models[i],
                Offer({
                    currency: _currency(i),
                    price: PRICE,
                    answerGas: 0,
                    maxLock: 4 * LOCK,
                    minDuration: 0,
                    concurrency: CONCURRENCY,
                    open: true
                })
            );
        }
        CHEATS.prank(OPERATOR);
        _token.transfer(CONSUMER, 1e20);
        CHEATS.prank(OPERATOR);
        _staking.setDrawStake(SET_ASIDE);
        for (uint256 i; i < 2; ++i) {
            CHEATS.prank(OPERATOR);
            _offers.enlist(_models[i], DrawTerms(_currency(i), PRICE, 4 * LOCK, 0, CONCURRENCY));
        }
        CHEATS.warp(block.timestamp + 1 days);
    }

    function challengeManager() external view returns (address) {
        return address(this);
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

    function name() public pure override returns (string memory) {
        return "JobSums";
    }

    /// The random calls reach what they are for: a drawn job, one drawn anew, and one taken back.
    function test_drawsNameTheOnlyOneEnlisted() public {
        _request(2);
        bytes32 jobId = _ids[0];
        _check();
        _mine(SEED_DELAY + 1);
        _draw(jobId);
        _check();
        require(_last[jobId] == ClaimStatus.Assigned, Broken(22, "nobody drawn"));
        CHEATS.warp(_jobs.job(jobId).deadline + 1);
        _redraw(jobId, type(uint256).max);
        _check();
        require(_last[jobId] == ClaimStatus.Drawing, Broken(22, "not drawn anew"));
        _cancel(jobId, type(uint256).max);
        _check();
        require(_last[jobId] == ClaimStatus.Refunded, Broken(22, "not taken back"));
    }

    function _functions() internal pure override returns (bytes4[] memory selectors) {
        selectors = new bytes4[](13);
        selectors[0] = IJobEscrow.request.selector;
        selectors[1] = IJobEscrow.submit.selector;
        selectors[2] = IJobEscrow.expire.selector;
        selectors[3] = IJobEscrow.finalise.selector;
        selectors[4] = IJobEscrow.present.selector;
        selectors[5] = IJobEscrow.draw.selector;
        selectors[6] = IJobEscrow.cancel.selector;
        selectors[7] = IJobEscrow.redraw.selector;
        selectors[8] = IJobEscrow.withdraw.selector;
        selectors[9] = IClaimSource.challengeOpened.selector;
        selectors[10] = IClaimSource.challengeClosed.selector;
        selectors[11] = IClaimSource.settleWrong.selector;
        selectors[12] = IClaimSource.settleVoid.selector;
    }

    function _remember() internal override {}

    function _step(uint256 seed) internal override {
        uint256 action = (seed >> 8) % 16;
        uint256 pick = seed >> 64;
        if (action <= 1 || _ids.length == 0) return _request(pick);
        if (action == 2) return _wait(pick % 15 hours);
        if (action == 3) return _withdraw(_currency(pick & 1));
        if (action == 4) return _mine(1 + (pick % 8));
        bytes32 jobId = _ids[pick % _ids.length];
        if (action == 5) _submit(jobId, pick >> 32);
        else if (action == 6) _expire(jobId);
        else if (action == 7) _finalise(jobId);
        else if (action == 8) _open(jobId, pick >> 32);
        else if (action == 9) _close(jobId, pick >> 32);
        else if (action == 10) _present(jobId);
        else if (action <= 12) _draw(jobId);
        else if (action == 13) _cancel(jobId, pick >> 32);
        else if (action == 14) _redraw(jobId, pick >> 32);
        else _settle(jobId, pick >> 32);
    }

    /// Whoever has the right to a call, or sometimes somebody who has not.
    function _callerOr(address entitled, uint256 pick) private pure returns (address, bool) {
        return (pick >> 128) % 8 == 0 ? (WINNER, false) : (entitled, true);
    }

    function _request(uint256 pick) private {
        if (_ids.length == MAX_JOBS) return;
        uint256 kind = pick & 1;
        bytes32 modelId = _models[kind];
        uint256 surplus = pick % 3;
        bytes[] memory inputs = new bytes[](1);
        inputs[0] = abi.encodePacked(uint32(pick));
        address operator = pick & 2 == 0 ? OPERATOR : address(0);
        JobTerms memory terms = _termsOf(modelId, operator, inputs[0], uint32((pick >> 32) % 1 days));
        JobRequest memory asked = JobRequest({
            modelId: modelId,
            operator: operator,
            currency: _currency(kind),
            maxFee: PRICE,
            lock: LOCK,
            duration: terms.duration,
            callback: address(0),
            callbackGas: 0
        });
        (, uint16 waiting) = _offers.offerOf(OPERATOR, modelId);
        // Whoever names nobody needs somebody to draw, and no stake yet.
        bool due = operator == address(0) || (waiting < CONCURRENCY && _staking.freeStake(OPERATOR) >= LOCK);
        uint256 value = (kind == 0 ? PRICE : 0) + surplus;
        bytes memory data = abi.encodeCall(IJobEscrow.request, (asked, inputs));
        (bool done, bytes memory result) = _call(CONSUMER, address(_jobs), value, data, due);
        require(done == due, Broken(5, "request refused, or a job without stake"));
        if (!done) return;
        bytes32 jobId = abi.decode(result, (bytes32));
        require(_last[jobId] == ClaimStatus.None, Broken(3, "two jobs with one id"));
        require(jobId == _jobs.jobIdOf(terms), Broken(3, "other terms than were asked"));
        _ids.push(jobId);
        _terms[jobId] = terms;
        _surplus += surplus;
    }

    function _termsOf(
        bytes32 modelId,
        address operator,
        bytes memory input,
        uint32 duration
    ) private view returns (JobTerms memory terms) {
        terms.modelId = modelId;
        terms.operator = operator;
        terms.consumer = CONSUMER;
        terms.nonce = _jobs.nonceOf(CONSUMER);
        bytes memory leaf = bytes.concat(input, new bytes(256 - input.length));
        terms.inputsRoot = keccak256(abi.encodePacked(keccak256(leaf)));
        terms.currency = modelId == _models[0] ? NATIVE : address(_token);
        terms.fee = PRICE;
        terms.lock = LOCK;
        terms.duration = duration;
        terms.publisher = address(this);
        terms.royalty = ROYALTY;
        terms.auditShare = 500;
        terms.missPenalty = 100;
    }

    function _submit(bytes32 jobId, uint256 pick) private {
        bytes[] memory outputs = new bytes[](1);
        outputs[0] = hex"00000000";
        (address caller, bool due) = _callerOr(OPERATOR, pick);
        due = due && _last[jobId] == ClaimStatus.Assigned && this.time() <= _jobs.job(jobId).deadline;
        bytes memory data = abi.encodeCall(IJobEscrow.submit, (_terms[jobId], outputs));
        require(_call(caller, address(_jobs), data, due) == due, Broken(14, "answer refused, or out of turn"));
    }

    /// A draw names the only one enlisted if it can serve, and is placed anew otherwise.
    function _draw(bytes32 jobId) private {
        (uint48 seedBlock, uint32 epoch) = _offers.drawOf(address(_jobs), jobId);
        bool due = _last[jobId] == ClaimStatus.Drawing && this.height() > seedBlock;
        bool known = blockhash(seedBlock) != 0 && epoch + 1 >= _hub.epoch();
        bool able =
            _staking.freeDrawStake(OPERATOR) >= LOCK &&
                _offers.drawnWaiting(_terms[jobId].modelId, OPERATOR) < CONCURRENCY;
        bytes memory data = abi.encodeCall(IJobEscrow.draw, (_terms[jobId]));
        (bool done, bytes memory result) = _call(WINNER, address(_jobs), 0, data, due);
        require(done == due, Broken(18, "draw refused, before its block, or a second one"));
        if (!done) return;
        address drawn = abi.decode(result, (address));
        require(drawn == (known && able ? OPERATOR : address(0)), Broken(5, "somebody else drawn"));
        _checkDrawn(jobId, drawn);
    }

    /// Post-conditions of a draw: its answer is due from now on, or it waits for another block.
    function _checkDrawn(bytes32 jobId, address drawn) private view {
        Job memory job = _jobs.job(jobId);
        (uint48 seedBlock, uint32 epoch) = _offers.drawOf(address(_jobs), jobId);
        require(job.operator == drawn && (drawn == address(0) || job.drawn), Broken(14, "another operator"));
        if (drawn == address(0)) {
            require(job.status == ClaimStatus.Drawing && job.deadline == 0, Broken(14, "assigned to nobody"));
            require(seedBlock == this.height() + SEED_DELAY && epoch == _hub.epoch(), Broken(18, "not placed anew"));
            return;
        }
        require(job.status == ClaimStatus.Assigned && seedBlock == 0, Broken(14, "a draw that is left"));
        require(job.deadline == this.time() + _terms[jobId].duration, Broken(18, "another deadline"));
    }

    /// Only the consumer takes back what no block has decided yet.
    function _cancel(bytes32 jobId, uint256 pick) private {
        (uint48 seedBlock, ) = _offers.drawOf(address(_jobs), jobId);
        (address caller, bool due) = _callerOr(CONSUMER, pick);
        due = due && _last[jobId] == ClaimStatus.Drawing && this.height() < seedBlock;
        bytes memory data = abi.encodeCall(IJobEscrow.cancel, (_terms[jobId]));
        bool done = _call(caller, address(_jobs), data, due);
        require(done == due, Broken(22, "cancelling refused, or out of turn"));
        if (!done) return;
        require(_jobs.job(jobId).status == ClaimStatus.Refunded, Broken(3, "cancelled and not refunded"));
        (seedBlock, ) = _offers.drawOf(address(_jobs), jobId);
        require(seedBlock == 0, Broken(14, "a draw that is left"));
    }

    /// Only the consumer has another operator drawn, after a missed deadline, whoever was named first.
    function _redraw(bytes32 jobId, uint256 pick) private {
        (address caller, bool due) = _callerOr(CONSUMER, pick);
        due = due && _isMissed(jobId);
        uint256 stake = _staking.ownPool(OPERATOR).active;
        bytes memory data = abi.encodeCall(IJobEscrow.redraw, (_terms[jobId]));
        bool done = _call(caller, address(_jobs), data, due);
        require(done == due, Broken(22, "drawing anew refused, or out of turn"));
        if (!done) return;
        Job memory job = _jobs.job(jobId);
        require(job.status == ClaimStatus.Drawing && job.operator == address(0), Broken(14, "not drawn anew"));
        (uint48 seedBlock, ) = _offers.drawOf(address(_jobs), jobId);
        require(seedBlock == this.height() + SEED_DELAY, Broken(18, "no block to come"));
        require(stake - _staking.ownPool(OPERATOR).active == LOCK / 100, Broken(9, "a miss that cost nothing"));
    }

    function _expire(bytes32 jobId) private {
        bool due = _isMissed(jobId);
        bytes memory data = abi.encodeCall(IJobEscrow.expire, (_terms[jobId]));
        require(_call(WINNER, address(_jobs), data, due) == due, Broken(22, "expiry refused, or out of turn"));
    }

    function _isMissed(bytes32 jobId) private view returns (bool) {
        return _last[jobId] == ClaimStatus.Assigned && this.time() > _jobs.job(jobId).deadline;
    }

    function _finalise(bytes32 jobId) private {
        bool due =
            _last[jobId] == ClaimStatus.Answered &&
                this.time() > _jobs.job(jobId).challengeDeadline &&
                _challenges[jobId] == 0;
        bytes memory data = abi.encodeCall(IJobEscrow.finalise, (_terms[jobId], new bytes[](0)));
        require(_call(WINNER, address(_jobs), data, due) == due, Broken(22, "finalising refused, or out of turn"));
    }

    function _present(bytes32 jobId) private {
        bytes memory data = abi.encodeCall(IJobEscrow.present, (_terms[jobId]));
        // A second time is taken too, and changes nothing.
        bool done = _call(WINNER, address(_jobs), data, !_presented[jobId]);
        require(done || _presented[jobId], Broken(20, "presenting refused"));
        _presented[jobId] = true;
    }

    function _open(bytes32 jobId, uint256 pick) private {
        (address caller, bool due) = _callerOr(address(this), pick);
        due = due && _isDisputable(jobId) && this.time() <= _jobs.job(jobId).challengeDeadline;
        bytes memory data = abi.encodeCall(IClaimSource.challengeOpened, (jobId));
        require(_call(caller, address(_jobs), data, due) == due, Broken(21, "challenge refused, or out of turn"));
        if (due) ++_challenges[jobId];
    }

    function _close(bytes32 jobId, uint256 pick) private {
        (address caller, bool due) = _callerOr(address(this), pick);
        due = due && _challenges[jobId] != 0;
        bytes memory data = abi.encodeCall(IClaimSource.challengeClosed, (jobId));
        require(_call(caller, address(_jobs), data, due) == due, Broken(22, "closing refused, or out of turn"));
        if (due) --_challenges[jobId];
    }

    /// A settlement of an answered job that is known to disputes succeeds in every state, and no other.
    function _settle(bytes32 jobId, uint256 pick) private {
        (address caller, bool due) = _callerOr(address(this), pick);
        due = due && _isDisputable(jobId);
        address[] memory winners = new address[](1 + ((pick >> 8) % 8));
        for (uint256 i; i < winners.length; ++i) winners[i] = WINNER;
        bytes memory data =
            pick & 1 == 0
                ? abi.encodeCall(IClaimSource.settleVoid, (jobId))
                : abi.encodeCall(IClaimSource.settleWrong, (jobId, winners));
        require(_call(caller, address(_jobs), data, due) == due, Broken(12, "settling refused, or out of turn"));
    }

    function _isDisputable(bytes32 jobId) private view returns (bool) {
        return _last[jobId] == ClaimStatus.Answered && _presented[jobId];
    }

    function _withdraw(address currency) private {
        uint256 credit = _jobs.creditOf(currency, OPERATOR);
        bytes memory data = abi.encodeCall(IJobEscrow.withdraw, (currency, OPERATOR));
        bool done = _call(WINNER, address(_jobs), data, credit != 0);
        require(done == (credit != 0), Broken(22, "withdrawal refused, or of nothing"));
        if (done) _paidOut[currency] += credit;
    }

    function _check() internal override {
        uint256 locked;
        uint256 drawLocked;
        uint256[2] memory waiting;
        uint256[2] memory drawnWaiting;
        uint256[2] memory escrowed;
        uint256[2] memory refunded;
        uint256[2] memory finals;
        uint256[2] memory undone;
        for (uint256 i; i < _ids.length; ++i) {
            bytes32 jobId = _ids[i];
            Job memory job = _jobs.job(jobId);
            ClaimStatus status = job.status;
            require(_follows(_last[jobId], status), Broken(14, "status went back"));
            _last[jobId] = status;
            bool open = status == ClaimStatus.Assigned || status == ClaimStatus.Answered;
            require(job.lock == (open ? LOCK : 0), Broken(11, "a lock that is too short or too long"));
            require(job.openChallenges == _challenges[jobId], Broken(21, "challenges miscounted"));
            Claim memory claim = _jobs.claim(jobId);
            require(claim.status == (_presented[jobId] ? status : ClaimStatus.None), Broken(21, "another claim"));
            uint256 kind = _terms[jobId].currency == NATIVE ? 0 : 1;
            if (open) locked += LOCK;
            if (open && job.drawn) drawLocked += LOCK;
            if (open || status == ClaimStatus.Drawing) escrowed[kind] += PRICE;
            else if (status == ClaimStatus.Final) ++finals[kind];
            else if (status == ClaimStatus.Refunded) refunded[kind] += PRICE;
            else ++undone[kind];
            if (status != ClaimStatus.Assigned) continue;
            if (job.drawn) ++drawnWaiting[kind];
            else ++waiting[kind];
        }
        for (uint256 kind; kind < 2; ++kind) {
            uint256 back = refunded[kind] + undone[kind] * (PRICE - AUDIT);
            _checkMoney(kind, escrowed[kind], back, finals[kind], undone[kind]);
            (, uint16 counted) = _offers.offerOf(OPERATOR, _models[kind]);
            require(counted == waiting[kind], Broken(3, "waiting jobs miscounted"));
            counted = _offers.drawnWaiting(_models[kind], OPERATOR);
            require(counted == drawnWaiting[kind], Broken(3, "drawn jobs miscounted"));
        }
        require(_staking.ownPool(OPERATOR).locked == locked, Broken(6, "locks"));
        require(_staking.drawStake(OPERATOR).locked == drawLocked, Broken(6, "drawn locks"));
    }

    /// Every part of every fee is owed to exactly one party, and is there.
    function _checkMoney(
        uint256 kind,
        uint256 escrowed,
        uint256 refunded,
        uint256 finals,
        uint256 undone
    ) private view {
        address currency = _currency(kind);
        uint256 royalty = (uint256(PRICE) * ROYALTY) / 10_000;
        uint256 owed = _jobs.creditOf(currency, OPERATOR);
        require(owed + _paidOut[currency] == finals * (PRICE - royalty - AUDIT), Broken(3, "the operator's pay"));
        require(_jobs.creditOf(currency, address(this)) == finals * royalty, Broken(3, "the royalty"));
        uint256 pool = (finals + undone) * AUDIT;
        require(_jobs.auditPool(currency) == pool, Broken(3, "the audit pool"));
        uint256 surplus = kind == 0 ? _surplus : 0;
        require(_jobs.creditOf(currency, CONSUMER) == refunded + surplus, Broken(3, "the consumer's refund"));
        uint256 balance = kind == 0 ? address(_jobs).balance : _token.balanceOf(address(_jobs));
        require(balance == escrowed + refunded + surplus + owed + finals * royalty + pool, Broken(1, "coins"));
    }

    function _currency(uint256 kind) private view returns (address) {
        return kind == 0 ? NATIVE : address(_token);
    }

    function _follows(ClaimStatus from, ClaimStatus to) private pure returns (bool) {
        if (from == to) return true;
        if (from == ClaimStatus.None) return to == ClaimStatus.Assigned || to == ClaimStatus.Drawing;
        if (from == ClaimStatus.Drawing) return to == ClaimStatus.Assigned || to == ClaimStatus.Refunded;
        if (from == ClaimStatus.Assigned) {
            // The consumer may have it drawn anew.
            return to == ClaimStatus.Answered || to == ClaimStatus.Refunded || to == ClaimStatus.Drawing;
        }
        return from == ClaimStatus.Answered && to >= ClaimStatus.Final && to <= ClaimStatus.Void;
    }

    function _content(uint256 kind) private pure returns (ModelContent memory content) {
        content.format = 1;
        content.graphRoot = bytes32(kind + 1);
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
