// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { IOperatorStaking } from "../../contracts/interfaces/IOperatorStaking.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Reward } from "../../contracts/types/Reward.sol";
import { DrawStake, Exit, Pool, Position } from "../../contracts/types/Stake.sol";
import { Broken, CHEATS, stepsOr } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";

/// @notice Any sequence of deposits, exits, locks, draws, slashes and payments, by two operators and two delegators of both,
/// keeps the promises about stake. The contract is the claim source; amounts reach just beyond what is allowed.
contract StakingSumsTest {
    uint256 private immutable STEPS = stepsOr(80);
    uint256 private constant MAX_LOCKS = 6;
    uint256 private constant MIN_DELEGATION = 10;
    address private constant WINNER = address(0xC0FFEE);

    /// The first two are operators.
    address[4] private _people = [address(0xA11CE), address(0xB0B), address(0xD1), address(0xD2)];

    /// Read by the hub when it is sealed: the test is the challenge manager too.
    Hub public hub;
    OperatorStaking private _staking;
    TestToken private _token;

    struct Ghost {
        address operator;
        uint96 amount;
        uint96 own;
        uint32 epoch;
        bool drawn;
    }

    /// What the contract should hold, kept beside it.
    Ghost[MAX_LOCKS] private _locks;
    mapping(address operator => mapping(address holder => uint32[])) private _exitEpochs;
    mapping(address holder => uint256) private _in;
    mapping(address holder => uint256) private _out;
    uint256 private _paid;
    /// Tokens and shares of a pool before the step, and whether the step slashed it.
    mapping(address operator => mapping(bool own => Pool)) private _before;
    address private _slashed;

    function setUp() public {
        Hub hub_ = Hubs.create(address(this));
        _token = new TestToken(address(this), 1e30, 0, 0);
        _staking = new OperatorStaking(_token, hub_, true);
        address[] memory sources = new address[](1);
        sources[0] = address(this);
        hub = hub_;
        hub_.seal(address(this), sources, new address[](0));
        for (uint256 i; i < 4; ++i) {
            _token.transfer(_people[i], 1e24);
            CHEATS.prank(_people[i]);
            _token.approve(address(_staking), type(uint256).max);
        }
    }

    function challengeManager() external view returns (address) {
        return address(this);
    }

    function testFuzz_everySequenceKeepsTheSums(uint256 seed) public {
        for (uint256 step; step < STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _remember();
            _step(seed);
            _check();
        }
    }

    function _step(uint256 seed) private {
        address operator = _people[seed & 1];
        // An operator holds its own stake, or one of the two others delegates to it.
        address holder = (seed & 2) == 0 ? operator : _people[2 + ((seed >> 2) & 1)];
        uint256 action = (seed >> 8) % 14;
        uint256 pick = seed >> 64;
        if (action <= 1) _deposit(operator, holder, pick);
        else if (action == 2) _requestExit(operator, holder, pick);
        else if (action == 3) _cancelExit(operator, holder, pick);
        else if (action == 4) _withdrawExit(operator, holder, pick);
        else if (action <= 7) _lock(operator, pick, action == 7);
        else if (action == 8) _unlock(pick);
        else if (action == 9) _slash(pick);
        else if (action == 10) _setDrawStake(operator, pick);
        else if (action == 11) CHEATS.warp(block.timestamp + (pick % (2 days)));
        else if (action == 12) CHEATS.warp(block.timestamp + (pick % (Hubs.UNBONDING + 1)));
        else _pay(operator, holder, pick);
    }

    function _deposit(address operator, address holder, uint256 pick) private {
        // Mostly small, sometimes so large that a slash of everything wears the pool out.
        uint256 amount = pick % ((pick >> 128) % 3 == 0 ? 1e12 : 1000);
        bool own = operator == holder;
        Pool memory pool = own ? _staking.ownPool(operator) : _staking.delegatedPool(operator);
        bool worn = uint256(pool.shares) + 1000 > (uint256(pool.active) + pool.exiting + 1) * 1e9;
        bool allowed = amount != 0 && (own || amount >= MIN_DELEGATION) && !(worn && pool.locked != 0);
        CHEATS.prank(holder);
        try _staking.deposit(operator, amount) {
            require(allowed, Broken(1, "deposit that should not be"));
            _in[holder] += amount;
        } catch {
            require(!allowed, Broken(1, "deposit refused"));
        }
    }

    function _requestExit(address operator, address holder, uint256 pick) private {
        Position memory held = _staking.position(operator, holder);
        uint256 amount = pick % (uint256(held.amount) + 2);
        bool all = (pick >> 128) % 4 == 0;
        bool allowed = all ? held.shares != 0 : amount != 0 && amount <= held.amount;
        bool done = all ? _tryFullExit(operator, holder) : _tryExit(operator, holder, amount);
        require(done == allowed, Broken(22, "exit refused, or above the stake"));
        if (done) _exitEpochs[operator][holder].push(hub.epoch());
    }

    function _tryExit(address operator, address holder, uint256 amount) private returns (bool) {
        CHEATS.prank(holder);
        try _staking.requestExit(operator, amount) {
            return true;
        } catch {
            return false;
        }
    }

    function _tryFullExit(address operator, address holder) private returns (bool) {
        CHEATS.prank(holder);
        try _staking.requestFullExit(operator) {
            return true;
        } catch {
            return false;
        }
    }

    function _cancelExit(address operator, address holder, uint256 pick) private {
        uint32 exitId = _anyExit(operator, holder, pick);
        bool stands = _staking.exit(operator, holder, exitId).readyAt != 0;
        CHEATS.prank(holder);
        try _staking.cancelExit(operator, exitId) {
            require(stands, Broken(4, "empty exit cancelled"));
        } catch (bytes memory reason) {
            // An exit of a retired pool has nothing to go back to.
            bool retired = bytes4(reason) == IOperatorStaking.ExitRetired.selector;
            require(!stands || retired, Broken(22, "cancellation refused"));
        }
    }

    function _withdrawExit(address operator, address holder, uint256 pick) private {
        uint32 exitId = _anyExit(operator, holder, pick);
        Exit memory queued = _staking.exit(operator, holder, exitId);
        bool ready = queued.readyAt != 0 && block.timestamp >= queued.readyAt;
        Pool memory pool = operator == holder ? _staking.ownPool(operator) : _staking.delegatedPool(operator);
        bool retired = queued.generation != pool.generation;
        bool spare = queued.readyAt != 0 && (retired || !_backs(operator, _exitEpochs[operator][holder][exitId]));
        require(queued.readyAt == 0 || !ready || queued.unlocked == spare, Broken(25, "exit view is wrong"));
        uint256 before = _token.balanceOf(address(this));
        CHEATS.prank(holder);
        try _staking.withdrawExit(operator, exitId, address(this)) {
            require(ready && spare, Broken(11, "stake left that backs a lock"));
            uint256 amount = _token.balanceOf(address(this)) - before;
            require(amount <= queued.amount, Broken(8, "more left than was there"));
            require(amount + STEPS >= queued.amount, Broken(22, "less left than was there"));
            _out[holder] += amount;
            _paid += amount;
        } catch {
            require(!ready || !spare, Broken(22, "withdrawal refused"));
        }
    }

    /// Whether a standing lock was taken by the end of `epoch`, when the stake of an exit still backed it.
    function _backs(address operator, uint32 epoch) private view returns (bool) {
        for (uint256 i; i < MAX_LOCKS; ++i) {
            Ghost memory ghost = _locks[i];
            if (ghost.amount != 0 && ghost.operator == operator && ghost.epoch <= epoch) return true;
        }
        return false;
    }

    function _lock(address operator, uint256 pick, bool drawn) private {
        uint256 number = pick % MAX_LOCKS;
        // Ids are an operator's own: only its own standing lock is in the way.
        if (_locks[number].amount != 0) operator = _locks[number].operator;
        uint256 free = drawn ? _freeToDraw(operator) : _staking.freeStake(operator);
        uint96 amount = uint96((pick >> 200) % 3 == 0 ? free : (pick >> 32) % (free + 2));
        bool allowed = _locks[number].amount == 0 && amount != 0 && amount <= free;
        bool done = _tryLock(operator, bytes32(number), amount, drawn);
        require(done == allowed, Broken(5, "lock refused, or above the stake"));
        if (!done) return;
        uint96 own = _staking.lockOf(address(this), operator, bytes32(number)).own;
        require(5 * uint256(own) >= amount && own <= amount, Broken(10, "own part below a fifth"));
        _locks[number] = Ghost(operator, amount, own, hub.epoch(), drawn);
    }

    function _tryLock(address operator, bytes32 lockId, uint96 amount, bool drawn) private returns (bool) {
        try this.lockFor(operator, lockId, amount, drawn) {
            return true;
        } catch {
            return false;
        }
    }

    function lockFor(address operator, bytes32 lockId, uint96 amount, bool drawn) external {
        if (drawn) _staking.lockDrawn(operator, lockId, amount);
        else _staking.lock(operator, lockId, amount);
    }

    function _freeToDraw(address operator) private view returns (uint256 free) {
        DrawStake memory draw = _staking.drawStake(operator);
        Pool memory own = _staking.ownPool(operator);
        Pool memory delegated = _staking.delegatedPool(operator);
        uint256 o = own.active > own.locked ? own.active - own.locked : 0;
        uint256 d = delegated.active > delegated.locked ? delegated.active - delegated.locked : 0;
        free = 4 * o < d ? 5 * o : o + d;
        uint256 left = draw.current > draw.locked ? draw.current - draw.locked : 0;
        if (left < free) free = left;
    }

    function _unlock(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        bool stands = _locks[number].amount != 0;
        try _staking.unlock(_locks[number].operator, bytes32(number)) {
            require(stands, Broken(21, "unlocked twice"));
            delete _locks[number];
        } catch {
            require(!stands, Broken(22, "unlocking refused"));
        }
    }

    function _slash(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        Ghost memory ghost = _locks[number];
        Reward[] memory rewards = new Reward[](2);
        rewards[0] = Reward(WINNER, uint96((pick >> 32) % (uint256(ghost.amount) + 1)));
        rewards[1] = Reward(WINNER, uint96((pick >> 160) % (uint256(ghost.amount) + 1)));
        uint256 stake = _staking.stakeOf(ghost.operator);
        uint256 rewarded = _staking.rewardOf(WINNER);
        uint256 burning = _staking.pendingBurn();
        if (ghost.amount == 0) {
            try _staking.slash(ghost.operator, bytes32(number), rewards) {
                revert Broken(21, "slashed without a lock");
            } catch {
                return;
            }
        }
        // No try: a slash of a standing lock succeeds in every state.
        uint256 slashed = _staking.slash(ghost.operator, bytes32(number), rewards);
        delete _locks[number];
        _slashed = ghost.operator;
        rewarded = _staking.rewardOf(WINNER) - rewarded;
        require(slashed == ghost.amount, Broken(9, "a slash of another amount"));
        require(stake - _staking.stakeOf(ghost.operator) == slashed, Broken(9, "a slash that took something else"));
        require(rewarded <= ghost.own / 2, Broken(10, "rewards above half of the own part"));
        require(_staking.pendingBurn() - burning == slashed - rewarded, Broken(2, "burnt and paid are not slashed"));
    }

    function _setDrawStake(address operator, uint256 pick) private {
        uint256 before = _staking.freeStake(operator);
        uint96 amount = uint96(pick % 1200);
        CHEATS.prank(operator);
        try _staking.setDrawStake(amount) {
            uint256 free = _staking.freeStake(operator);
            require(free <= before || amount < 1200, Broken(6, "set aside and free"));
        } catch {
            Pool memory own = _staking.ownPool(operator);
            require(amount > 0 || own.active == 0, Broken(22, "nothing can't be set aside"));
        }
    }

    function _pay(address operator, address holder, uint256 pick) private {
        uint256 reward = _staking.rewardOf(WINNER);
        if (reward != 0) {
            CHEATS.prank(WINNER);
            _staking.withdrawReward(address(this));
            _paid += reward;
        }
        _paid += _staking.pendingBurn();
        _staking.burnSlashed();
        uint32 generation = uint32(pick % 3);
        uint256 left = _staking.retiredPosition(operator, holder, generation);
        uint256 before = _token.balanceOf(address(this));
        CHEATS.prank(holder);
        try _staking.redeemRetired(operator, generation, address(this)) {
            require(_token.balanceOf(address(this)) - before == left, Broken(25, "retired position is wrong"));
            _out[holder] += left;
            _paid += left;
        } catch {
            require(left == 0, Broken(22, "redeeming refused"));
        }
    }

    function _anyExit(address operator, address holder, uint256 pick) private view returns (uint32) {
        return uint32(pick % (uint256(_staking.position(operator, holder).exitCount) + 1));
    }

    function _remember() private {
        delete _slashed;
        for (uint256 i; i < 2; ++i) {
            _before[_people[i]][true] = _staking.ownPool(_people[i]);
            _before[_people[i]][false] = _staking.delegatedPool(_people[i]);
        }
    }

    function _check() private view {
        uint256 sum = _staking.pendingBurn() + _staking.rewardOf(WINNER);
        for (uint256 i; i < 2; ++i) {
            address operator = _people[i];
            sum += _checkPool(operator, true) + _checkPool(operator, false) + _retired(operator);
        }
        uint256 owed = _staking.totalOwed();
        // Retired pools keep less than a wei a redemption.
        require(sum <= owed && sum + STEPS >= owed, Broken(1, "owed to nobody"));
        require(_token.balanceOf(address(_staking)) == owed, Broken(1, "tokens differ from what is owed"));
        uint256 came;
        for (uint256 i; i < 4; ++i) {
            came += _in[_people[i]];
            require(_worth(_people[i]) <= _in[_people[i]] + STEPS, Broken(8, "somebody gained"));
        }
        require(came - _paid == owed, Broken(1, "tokens came from nowhere"));
    }

    function _checkPool(address operator, bool own) private view returns (uint256 tokens) {
        Pool memory pool = own ? _staking.ownPool(operator) : _staking.delegatedPool(operator);
        Pool memory before = _before[operator][own];
        tokens = uint256(pool.active) + pool.exiting;
        uint256 tokensBefore = uint256(before.active) + before.exiting;
        require(
            _slashed == operator ||
                pool.generation != before.generation ||
                (tokens + 1) * (uint256(before.shares) + 1000) >= (tokensBefore + 1) * (uint256(pool.shares) + 1000),
            Broken(7, "the price fell without a slash")
        );

        uint256 locked;
        for (uint256 number; number < MAX_LOCKS; ++number) {
            Ghost memory ghost = _locks[number];
            if (ghost.operator == operator) locked += own ? ghost.own : ghost.amount - ghost.own;
        }
        require(locked == pool.locked, Broken(6, "locks differ from their sum"));
        require(locked <= tokens, Broken(5, "locks above the stake"));

        uint256 claims;
        for (uint256 i; i < 4; ++i) {
            address holder = _people[i];
            if (own != (holder == operator)) continue;
            claims += _staking.position(operator, holder).amount + _queued(operator, holder, pool.generation);
        }
        require(claims <= tokens, Broken(4, "exits and positions above the pool"));
    }

    /// What `holder` has queued in the pool of a generation; in all of them if `generation` is the largest number.
    function _queued(address operator, address holder, uint32 generation) private view returns (uint256 sum) {
        uint256 count = _staking.position(operator, holder).exitCount;
        for (uint32 exitId; exitId < count; ++exitId) {
            Exit memory queued = _staking.exit(operator, holder, exitId);
            if (generation == type(uint32).max || queued.generation == generation) sum += queued.amount;
        }
    }

    /// Tokens of retired pools that somebody can still have.
    function _retired(address operator) private view returns (uint256 sum) {
        for (uint256 i; i < 4; ++i) {
            address holder = _people[i];
            if (holder != operator && i < 2) continue;
            uint32 generations =
                holder == operator
                    ? _staking.ownPool(operator).generation
                    : _staking.delegatedPool(operator).generation;
            for (uint32 g; g < generations; ++g) sum += _staking.retiredPosition(operator, holder, g);
            sum += _queued(operator, holder, type(uint32).max) - _queued(operator, holder, generations);
        }
    }

    /// All that a holder took out or could.
    function _worth(address holder) private view returns (uint256 sum) {
        sum = _out[holder];
        for (uint256 i; i < 2; ++i) {
            address operator = _people[i];
            sum += _staking.position(operator, holder).amount + _queued(operator, holder, type(uint32).max);
            for (uint32 g; g < 3; ++g) sum += _staking.retiredPosition(operator, holder, g);
        }
    }
}
