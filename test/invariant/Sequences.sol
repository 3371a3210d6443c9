// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { CHEATS } from "./Cheats.sol";

/// @notice Random sequences of calls, of two kinds. Legal ones make calls that the rules allow, one a step: the first that reverts
/// ends the test. Every other step of free ones is like that, so that they come as far; the rest also makes calls that the rules forbid.
/// Calls are counted by function, together with those that were refused; `npm test` prints the sums.
abstract contract Sequences {
    /// A call of a legal step.
    error Reverted(bytes4 selector, bytes reason);
    /// In sequences of a kind, at fixed seeds.
    error NeverSucceeded(bytes4 selector, bool legal);
    /// A function that the test does not name.
    error Unnamed(bytes4 selector);

    struct Count {
        bytes4 selector;
        uint64 done;
        uint64 refused;
    }

    uint256 private constant USUAL_STEPS = 64;
    /// Sequences in which each function has to succeed.
    uint256 private constant FIXED_SEEDS = 12;
    /// A step of a legal sequence is drawn until there is something to do, at most this often.
    uint256 private constant DRAWS = 32;
    /// Of a sequence: `FUZZ_STEPS` where it is set (`npm run test:deep`).
    uint256 internal immutable STEPS = CHEATS.envOr("FUZZ_STEPS", USUAL_STEPS);

    Count[] private _counts;
    /// From one on.
    mapping(bytes4 selector => uint256) private _places;
    /// Whether the step keeps to what the rules allow.
    bool private _legal;
    bool private _acted;

    function testFuzz_freeSequences(uint256 seed) public {
        play(seed, false);
        _report(" free");
    }

    function testFuzz_legalSequences(uint256 seed) public {
        play(seed, true);
        _report(" legal");
    }

    /// Else the sequences test less than they seem to.
    function test_eachFunctionSucceedsInBothKinds() public {
        // Shorter sequences may not come that far.
        if (STEPS < USUAL_STEPS) return;
        bytes4[] memory selectors = _functions();
        for (uint256 kind; kind < 2; ++kind) {
            uint256[] memory done = new uint256[](selectors.length);
            for (uint256 seed; seed < FIXED_SEEDS; ++seed) {
                uint256 start = CHEATS.snapshotState();
                // From without, so that memory is given back.
                this.play(seed, kind == 1);
                uint256 named;
                for (uint256 i; i < selectors.length; ++i) {
                    uint256 place = _places[selectors[i]];
                    if (place == 0) continue;
                    ++named;
                    done[i] += _counts[place - 1].done;
                }
                require(named == _counts.length, Unnamed(_counts[_counts.length - 1].selector));
                CHEATS.revertToState(start);
            }
            for (uint256 i; i < done.length; ++i) require(done[i] != 0, NeverSucceeded(selectors[i], kind == 1));
        }
    }

    function play(uint256 seed, bool legal) public {
        for (uint256 step; step < STEPS; ++step) {
            _remember();
            _acted = false;
            _legal = legal || step % 2 == 1;
            for (uint256 draw; draw == 0 || (_legal && !_acted && draw < DRAWS); ++draw) {
                seed = uint256(keccak256(abi.encode(seed)));
                _step(seed);
            }
            _check();
        }
    }

    /// @dev Time and block are asked for by calls: the optimiser takes them for the same all through a sequence.
    function time() external view returns (uint256) {
        return block.timestamp;
    }

    function height() external view returns (uint256) {
        return block.number;
    }

    /// The test's name in reports.
    function name() public pure virtual returns (string memory);

    /// All that `_step` calls.
    function _functions() internal pure virtual returns (bytes4[] memory);

    /// Before each step.
    function _remember() internal virtual;

    /// One random call, or time that passes.
    function _step(uint256 seed) internal virtual;

    /// What has to hold after each step.
    function _check() internal virtual;

    function _wait(uint256 seconds_) internal {
        _acted = true;
        CHEATS.warp(this.time() + seconds_);
    }

    function _mine(uint256 blocks) internal {
        _acted = true;
        CHEATS.roll(this.height() + blocks);
    }

    function _call(address caller, address target, bytes memory data, bool due) internal returns (bool done) {
        (done, ) = _call(caller, target, 0, data, due);
    }

    /// @param due Whether the rules promise that the call succeeds. Legal steps leave out the others.
    function _call(
        address caller,
        address target,
        uint256 value,
        bytes memory data,
        bool due
    ) internal returns (bool done, bytes memory result) {
        if (_legal && !due) return (false, "");
        _acted = true;
        CHEATS.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (done, result) = target.call{ value: value }(data);
        bytes4 selector = bytes4(data);
        _count(selector, done);
        require(done || !_legal, Reverted(selector, result));
    }

    function _count(bytes4 selector, bool done) private {
        if (_places[selector] == 0) {
            _counts.push(Count(selector, 0, 0));
            _places[selector] = _counts.length;
        }
        Count storage count = _counts[_places[selector] - 1];
        if (done) ++count.done;
        else ++count.refused;
    }

    /// Appends the counts of this sequence to a file, where somebody asks for them (scripts/test/calls.ts).
    function _report(string memory kind) private {
        string memory folder = CHEATS.envOr("CALLS_FOLDER", "");
        if (bytes(folder).length == 0) return;
        CHEATS.writeLine(string.concat(folder, "/", name(), kind), CHEATS.toString(abi.encode(_counts)));
    }
}
