// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hub } from "../../contracts/hub/Hub.sol";
import { IOperatorStaking } from "../../contracts/interfaces/IOperatorStaking.sol";
import { OperatorStaking } from "../../contracts/staking/OperatorStaking.sol";
import { TestToken } from "../../contracts/token/TestToken.sol";
import { Reward } from "../../contracts/types/Reward.sol";
import { DrawStake, Exit, Pool, Position } from "../../contracts/types/Stake.sol";
import { Broken, CHEATS } from "./Cheats.sol";
import { Hubs } from "./Hubs.sol";
import { Sequences } from "./Sequences.sol";

/// @notice Any sequence of deposits, exits, locks, draws, slashes and payments, by two operators and two delegators of both,
/// keeps the promises about stake. The contract is the claim source; amounts reach just beyond what is allowed.
contract StakingSumsTest is Sequences {
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

    function name() public pure override returns (string memory) {
        return "StakingSums";
    }

    function _functions() internal pure override returns (bytes4[] memory selectors) {
        selectors = new bytes4[](14);
        selectors[0] = IOperatorStaking.deposit.selector;
        selectors[1] = IOperatorStaking.requestExit.selector;
        selectors[2] = IOperatorStaking.requestFullExit.selector;
        selectors[3] = IOperatorStaking.cancelExit.selector;
        selectors[4] = IOperatorStaking.withdrawExit.selector;
        selectors[5] = IOperatorStaking.redeemRetired.selector;
        selectors[6] = IOperatorStaking.lock.selector;
        selectors[7] = IOperatorStaking.lockDrawn.selector;
        selectors[8] = IOperatorStaking.unlock.selector;
        selectors[9] = IOperatorStaking.slash.selector;
        selectors[10] = IOperatorStaking.penalise.selector;
        selectors[11] = IOperatorStaking.setDrawStake.selector;
        selectors[12] = IOperatorStaking.withdrawReward.selector;
        selectors[13] = IOperatorStaking.burnSlashed.selector;
    }

    function _step(uint256 seed) internal override {
        address operator = _people[seed & 1];
        // An operator holds its own stake, or one of the two others delegates to it.
        address holder = (seed & 2) == 0 ? operator : _people[2 + ((seed >> 2) & 1)];
        uint256 action = (seed >> 8) % 17;
        uint256 pick = seed >> 64;
        if (action <= 1) _deposit(operator, holder, pick);
        else if (action == 2) _requestExit(operator, holder, pick);
        else if (action == 3) _cancelExit(operator, holder, pick);
        else if (action == 4) _withdrawExit(operator, holder, pick);
        else if (action <= 7) _lock(operator, pick, action == 7);
        else if (action == 8) _unlock(pick);
        else if (action == 9) _slash(pick);
        else if (action == 10) _penalise(pick);
        else if (action == 11) _setDrawStake(operator, pick);
        else if (action == 12) _wait(pick % 2 days);
        else if (action == 13) _wait(pick % (Hubs.UNBONDING + 1));
        else if (action == 14) _redeem(operator, holder, pick);
        else if (action == 15) _pay();
        else _ruin(operator, holder, pick);
    }

    function _tryCall(address caller, bytes memory data, bool due) private returns (bool) {
        return _call(caller, address(_staking), data, due);
    }

    /// Locks are this contract's. Sometimes somebody else tries, who has none and may take none.
    function _locker(uint256 pick) private view returns (address, bool) {
        return (pick >> 188) % 8 == 0 ? (WINNER, false) : (address(this), true);
    }

    function _deposit(address operator, address holder, uint256 pick) private {
        // Mostly small, sometimes so large that a slash of everything wears the pool out.
        uint256 amount = pick % ((pick >> 128) % 3 == 0 ? 1e12 : 1000);
        bool own = operator == holder;
        Pool memory pool = _poolOf(operator, own);
        bool worn = uint256(pool.shares) + 1000 > (uint256(pool.active) + pool.exiting + 1) * 1e9;
        bool due = amount != 0 && (own || amount >= MIN_DELEGATION) && !(worn && pool.locked != 0);
        bool done = _tryCall(holder, abi.encodeCall(IOperatorStaking.deposit, (operator, amount)), due);
        require(done == due, Broken(1, "deposit refused, or one that should not be"));
        if (done) _in[holder] += amount;
    }

    function _requestExit(address operator, address holder, uint256 pick) private {
        Position memory held = _staking.position(operator, holder);
        uint256 amount = pick % (uint256(held.amount) + 2);
        bool all = (pick >> 128) % 4 == 0;
        bool due = all ? held.shares != 0 : amount != 0 && amount <= held.amount;
        bytes memory data =
            all
                ? abi.encodeCall(IOperatorStaking.requestFullExit, (operator))
                : abi.encodeCall(IOperatorStaking.requestExit, (operator, amount));
        bool done = _tryCall(holder, data, due);
        require(done == due, Broken(22, "exit refused, or above the stake"));
        if (done) _exitEpochs[operator][holder].push(hub.epoch());
    }

    function _cancelExit(address operator, address holder, uint256 pick) private {
        uint32 exitId = _anyExit(operator, holder, pick);
        Exit memory queued = _staking.exit(operator, holder, exitId);
        // An exit of a retired pool has nothing to go back to.
        bool due = queued.readyAt != 0 && queued.generation == _poolOf(operator, operator == holder).generation;
        bool done = _tryCall(holder, abi.encodeCall(IOperatorStaking.cancelExit, (operator, exitId)), due);
        require(done == due, Broken(22, "cancellation refused, or of no exit"));
    }

    function _withdrawExit(address operator, address holder, uint256 pick) private {
        uint32 exitId = _anyExit(operator, holder, pick);
        Exit memory queued = _staking.exit(operator, holder, exitId);
        bool ready = queued.readyAt != 0 && this.time() >= queued.readyAt;
        bool retired = queued.generation != _poolOf(operator, operator == holder).generation;
        bool spare = queued.readyAt != 0 && (retired || !_backs(operator, _exitEpochs[operator][holder][exitId]));
        require(queued.readyAt == 0 || !ready || queued.unlocked == spare, Broken(25, "exit view is wrong"));
        uint256 amount = _token.balanceOf(address(this));
        bytes memory data = abi.encodeCall(IOperatorStaking.withdrawExit, (operator, exitId, address(this)));
        bool done = _tryCall(holder, data, ready && spare);
        require(done == (ready && spare), Broken(11, "withdrawal refused, or of stake that backs a lock"));
        if (!done) return;
        amount = _token.balanceOf(address(this)) - amount;
        require(amount <= queued.amount, Broken(8, "more left than was there"));
        require(amount + STEPS >= queued.amount, Broken(22, "less left than was there"));
        _out[holder] += amount;
        _paid += amount;
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
        // Often all, or all but a little, so that a slash wears the pools out.
        uint256 kind = (pick >> 180) % 8;
        uint96 amount = uint96(kind <= 4 ? free : (pick >> 32) % (free + 2));
        if (kind >= 2 && kind <= 4 && free > 8) amount -= uint96(1 + (pick % 8));
        (address caller, bool due) = _locker(pick);
        due = due && _locks[number].amount == 0 && amount != 0 && amount <= free;
        bytes memory data =
            drawn
                ? abi.encodeCall(IOperatorStaking.lockDrawn, (operator, bytes32(number), amount))
                : abi.encodeCall(IOperatorStaking.lock, (operator, bytes32(number), amount));
        bool done = _tryCall(caller, data, due);
        require(done == due, Broken(5, "lock refused, or above the stake"));
        if (!done) return;
        uint96 own = _staking.lockOf(address(this), operator, bytes32(number)).own;
        require(5 * uint256(own) >= amount && own <= amount, Broken(10, "own part below a fifth"));
        _locks[number] = Ghost(operator, amount, own, hub.epoch(), drawn);
    }

    function _freeToDraw(address operator) private view returns (uint256 free) {
        DrawStake memory draw = _staking.drawStake(operator);
        free = _capacity(operator);
        uint256 left = draw.current > draw.locked ? draw.current - draw.locked : 0;
        if (left < free) free = left;
    }

    /// The largest lock that unlocked stake can back: four fifths of it delegated at most.
    function _capacity(address operator) private view returns (uint256) {
        Pool memory own = _staking.ownPool(operator);
        Pool memory delegated = _staking.delegatedPool(operator);
        uint256 o = own.active > own.locked ? own.active - own.locked : 0;
        uint256 d = delegated.active > delegated.locked ? delegated.active - delegated.locked : 0;
        return 4 * o < d ? 5 * o : o + d;
    }

    function _unlock(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        (address caller, bool due) = _locker(pick);
        due = due && _locks[number].amount != 0;
        bytes memory data = abi.encodeCall(IOperatorStaking.unlock, (_locks[number].operator, bytes32(number)));
        require(_tryCall(caller, data, due) == due, Broken(21, "unlocking refused, or a second time"));
        if (due) delete _locks[number];
    }

    /// A slash of a standing lock succeeds in every state.
    function _slash(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        Ghost memory ghost = _locks[number];
        Reward[] memory rewards = new Reward[](2);
        rewards[0] = Reward(WINNER, uint96((pick >> 32) % (uint256(ghost.amount) + 1)));
        rewards[1] = Reward(WINNER, uint96((pick >> 160) % (uint256(ghost.amount) + 1)));
        uint256 stake = _staking.stakeOf(ghost.operator);
        uint256 rewarded = _staking.rewardOf(WINNER);
        uint256 burning = _staking.pendingBurn();
        (address caller, bool due) = _locker(pick);
        due = due && ghost.amount != 0;
        bytes memory data = abi.encodeCall(IOperatorStaking.slash, (ghost.operator, bytes32(number), rewards));
        (bool done, bytes memory result) = _call(caller, address(_staking), 0, data, due);
        require(done == due, Broken(12, "slash refused, or without a lock"));
        if (!done) return;
        uint256 slashed = abi.decode(result, (uint96));
        delete _locks[number];
        _slashed = ghost.operator;
        rewarded = _staking.rewardOf(WINNER) - rewarded;
        require(slashed == ghost.amount, Broken(9, "a slash of another amount"));
        require(stake - _staking.stakeOf(ghost.operator) == slashed, Broken(9, "a slash that took something else"));
        require(rewarded <= ghost.own / 2, Broken(10, "rewards above half of the own part"));
        require(_staking.pendingBurn() - burning == slashed - rewarded, Broken(2, "burnt and paid are not slashed"));
    }

    /// Nearly all of a large stake is lost at once, and somebody deposits again: so pools wear out and retire.
    function _ruin(address operator, address holder, uint256 pick) private {
        _deposit(operator, operator, 1e12 - 1);
        _deposit(operator, holder, 1e12 - 1);
        // All but a little, by this contract.
        uint256 everything = (pick % (1 << 128)) | (2 << 180) | (1 << 188);
        _lock(operator, everything, false);
        _slash(everything);
        _deposit(operator, holder, 999);
    }

    /// A penalty ends the lock as a slash does, takes a part of it and rewards nobody.
    function _penalise(uint256 pick) private {
        uint256 number = pick % MAX_LOCKS;
        Ghost memory ghost = _locks[number];
        uint96 amount = uint96((pick >> 32) % (uint256(ghost.amount) + 2));
        uint256 stake = _staking.stakeOf(ghost.operator);
        uint256 burning = _staking.pendingBurn();
        (address caller, bool due) = _locker(pick);
        due = due && ghost.amount != 0 && amount <= ghost.amount;
        bytes memory data = abi.encodeCall(IOperatorStaking.penalise, (ghost.operator, bytes32(number), amount));
        bool done = _tryCall(caller, data, due);
        require(done == due, Broken(12, "penalty refused, or above the lock"));
        if (!done) return;
        delete _locks[number];
        _slashed = ghost.operator;
        require(stake - _staking.stakeOf(ghost.operator) == amount, Broken(9, "a penalty of another amount"));
        require(_staking.pendingBurn() - burning == amount, Broken(2, "a penalty that is not burnt"));
    }

    function _setDrawStake(address operator, uint256 pick) private {
        // What drawn locks hold may stay set aside.
        uint256 most = _capacity(operator) + _staking.drawStake(operator).locked;
        uint96 amount = uint96((pick >> 128) % 4 == 0 ? most + (pick & 1) : pick % 1200);
        bytes memory data = abi.encodeCall(IOperatorStaking.setDrawStake, (amount));
        bool done = _tryCall(operator, data, amount <= most);
        require(done == (amount <= most), Broken(6, "setting aside refused, or above what is free"));
    }

    function _pay() private {
        uint256 reward = _staking.rewardOf(WINNER);
        bytes memory data = abi.encodeCall(IOperatorStaking.withdrawReward, (address(this)));
        bool done = _tryCall(WINNER, data, reward != 0);
        require(done == (reward != 0), Broken(22, "reward refused, or nothing paid"));
        if (done) _paid += reward;
        uint256 burning = _staking.pendingBurn();
        done = _tryCall(WINNER, abi.encodeCall(IOperatorStaking.burnSlashed, ()), burning != 0);
        // Nothing is burnt where there is nothing.
        require(done || burning == 0, Broken(20, "burning refused"));
        if (done) _paid += burning;
    }

    function _redeem(address operator, address holder, uint256 pick) private {
        // Mostly one that has retired.
        uint256 current = _poolOf(operator, operator == holder).generation;
        uint32 generation = uint32(pick % (current + 1));
        uint256 left = _staking.retiredPosition(operator, holder, generation);
        uint256 before = _token.balanceOf(address(this));
        bytes memory data = abi.encodeCall(IOperatorStaking.redeemRetired, (operator, generation, address(this)));
        bool done = _tryCall(holder, data, left != 0);
        // Shares that are worth nothing may go as well.
        require(done || left == 0, Broken(22, "redeeming refused"));
        if (!done) return;
        require(_token.balanceOf(address(this)) - before == left, Broken(25, "retired position is wrong"));
        _out[holder] += left;
        _paid += left;
    }

    function _anyExit(address operator, address holder, uint256 pick) private view returns (uint32) {
        return uint32(pick % (uint256(_staking.position(operator, holder).exitCount) + 1));
    }

    function _remember() internal override {
        delete _slashed;
        for (uint256 i; i < 2; ++i) {
            _before[_people[i]][true] = _staking.ownPool(_people[i]);
            _before[_people[i]][false] = _staking.delegatedPool(_people[i]);
        }
    }

    function _check() internal view override {
        uint256 sum = _staking.pendingBurn() + _staking.rewardOf(WINNER);
        uint256 came;
        uint256[4] memory worth;
        for (uint256 i; i < 4; ++i) {
            worth[i] = _out[_people[i]];
            came += _in[_people[i]];
        }
        for (uint256 i; i < 2; ++i) {
            // An operator holds its own stake, the last two delegate.
            sum += _checkPool(_people[i], worth, i, i) + _checkPool(_people[i], worth, 2, 3);
        }
        uint256 owed = _staking.totalOwed();
        // Retired pools keep less than a wei a redemption.
        require(sum <= owed && sum + STEPS >= owed, Broken(1, "owed to nobody"));
        require(_token.balanceOf(address(_staking)) == owed, Broken(1, "tokens differ from what is owed"));
        require(came - _paid == owed, Broken(1, "tokens came from nowhere"));
        for (uint256 i; i < 4; ++i) require(worth[i] <= _in[_people[i]] + STEPS, Broken(8, "somebody gained"));
    }

    function _poolOf(address operator, bool own) private view returns (Pool memory) {
        return own ? _staking.ownPool(operator) : _staking.delegatedPool(operator);
    }

    /// @param worth What everybody took out or could; that of the pool's holders, from `first` to `last`, is added.
    /// @return tokens Of the pool, and of retired ones that somebody can still have.
    function _checkPool(
        address operator,
        uint256[4] memory worth,
        uint256 first,
        uint256 last
    ) private view returns (uint256 tokens) {
        bool own = first < 2;
        Pool memory pool = _poolOf(operator, own);
        tokens = uint256(pool.active) + pool.exiting;
        _checkPrice(_before[operator][own], pool, operator);
        uint256 locked;
        for (uint256 number; number < MAX_LOCKS; ++number) {
            Ghost memory ghost = _locks[number];
            if (ghost.operator == operator) locked += own ? ghost.own : ghost.amount - ghost.own;
        }
        require(locked == pool.locked, Broken(6, "locks differ from their sum"));
        require(locked <= tokens, Broken(5, "locks above the stake"));

        uint256 claims;
        uint256 retired;
        for (uint256 i = first; i <= last; ++i) {
            (uint256 here, uint256 elsewhere) = _holding(operator, _people[i], pool.generation);
            claims += here;
            retired += elsewhere;
            worth[i] += here + elsewhere;
        }
        require(claims <= tokens, Broken(4, "exits and positions above the pool"));
        tokens += retired;
    }

    function _checkPrice(Pool memory before, Pool memory pool, address operator) private view {
        uint256 tokens = uint256(pool.active) + pool.exiting;
        uint256 tokensBefore = uint256(before.active) + before.exiting;
        require(
            _slashed == operator ||
                pool.generation != before.generation ||
                (tokens + 1) * (uint256(before.shares) + 1000) >= (tokensBefore + 1) * (uint256(pool.shares) + 1000),
            Broken(7, "the price fell without a slash")
        );
    }

    /// What `holder` has in the pool of a generation, its exits included, and in those that retired before.
    function _holding(
        address operator,
        address holder,
        uint32 generation
    ) private view returns (uint256 here, uint256 elsewhere) {
        Position memory held = _staking.position(operator, holder);
        here = held.amount;
        for (uint32 exitId; exitId < held.exitCount; ++exitId) {
            Exit memory queued = _staking.exit(operator, holder, exitId);
            if (queued.generation == generation) here += queued.amount;
            else elsewhere += queued.amount;
        }
        for (uint32 g; g < generation; ++g) elsewhere += _staking.retiredPosition(operator, holder, g);
    }
}
