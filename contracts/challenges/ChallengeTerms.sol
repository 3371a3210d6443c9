// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { IChallengeManager } from "../interfaces/IChallengeManager.sol";
import { IFeeOracle } from "../interfaces/IFeeOracle.sol";
import { Challenge } from "../types/Challenge.sol";
import { ChallengeParams } from "../types/Parameters.sol";

/// @title Prices of the challenge manager
/// @notice `cost = gas x max(base fee, floor) + data fee`: the data fee is the parameter's, or the oracle's where that is
/// more. A challenge keeps the parameters that it was opened under.
abstract contract ChallengeTerms is IChallengeManager {
    struct Prices {
        uint256 baseFeeFloor;
        uint256 dataPrice;
        uint256 multiple;
        address feeOracle;
    }

    /// Most that an oracle can ask for a byte, in wei: a broken one can't make disputes unaffordable.
    uint256 private constant MAX_DATA_PRICE = 10_000 gwei;
    /// Most gas that an oracle may use. One that fails counts as silent: it can't stand in the way of a dispute.
    uint256 private constant ORACLE_GAS = 200_000;

    /// A supply transaction without its payload. Measured in `test/gas/challenges.test.ts`.
    uint256 private constant SUPPLY_GAS = 95_000;
    /// For a byte of payload: 40 in calldata at the floor price, the rest for the log and hashing.
    uint256 private constant SUPPLY_GAS_PER_BYTE = 44;
    /// A signed supply transaction without its payload.
    uint256 private constant SUPPLY_BYTES = 420;
    /// The largest payload: 256 hashes.
    uint256 private constant MAX_PAYLOAD = 256 * 32;

    /// @dev What demands on a challenge are priced with.
    function _pricesOf(Challenge storage c) internal view returns (Prices memory) {
        return Prices(c.baseFeeFloor, c.dataPrice, c.priceMultiple, c.feeOracle);
    }

    function _pricesOf(ChallengeParams memory p) internal pure returns (Prices memory) {
        return Prices(p.baseFeeFloor, p.dataPrice, p.priceMultiple, p.feeOracle);
    }

    /// @dev Base price of a demand whose supply reveals `payload` bytes.
    function _price(Prices memory p, uint256 payload, uint256 baseFee) internal view returns (uint96) {
        uint256 size = SUPPLY_BYTES + payload;
        uint256 cost =
            (SUPPLY_GAS + SUPPLY_GAS_PER_BYTE * payload) * Math.max(baseFee, p.baseFeeFloor) +
                Math.max(size * p.dataPrice, _oracleFee(p.feeOracle, size));
        return SafeCast.toUint96(cost * p.multiple);
    }

    /// @dev What burns beside the base price: it doubles with every eight demands that wait.
    function _surcharge(uint96 price, uint32 outstanding) internal pure returns (uint256) {
        return (uint256(price) << Math.min(outstanding / 8, 128)) - price;
    }

    /// @dev Half of it repays a whole chain of demands, the other half is left to burn and to reward.
    function _bond(ChallengeParams memory p, uint8 depth, uint256 baseFee) internal view returns (uint256) {
        return Math.max(p.bondFloor, 2 * uint256(depth) * _price(_pricesOf(p), MAX_PAYLOAD, baseFee));
    }

    function _oracleFee(address oracle, uint256 size) private view returns (uint256) {
        if (oracle == address(0)) return 0;
        (bool ok, bytes memory answer) = oracle.staticcall{ gas: ORACLE_GAS }(
            abi.encodeCall(IFeeOracle.dataFee, (size))
        );
        if (!ok || answer.length != 32) return 0;
        return Math.min(uint256(bytes32(answer)), size * MAX_DATA_PRICE);
    }
}
