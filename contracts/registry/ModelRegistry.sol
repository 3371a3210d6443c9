// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { AccessManaged } from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { LowLevelCall } from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import { ContentRules } from "./ContentRules.sol";
import { IArbiter } from "../interfaces/IArbiter.sol";
import { IHub } from "../interfaces/IHub.sol";
import { IModelRegistry, InputTensor, Model, OutputTensor, RegistryParams } from "../interfaces/IModelRegistry.sol";
import { DType } from "../types/DType.sol";
import { NotAContract, ParameterOutOfBounds, PaymentRefused, ZeroAddress } from "../types/Errors.sol";
import { Facts } from "../types/Evidence.sol";
import { ModelContent } from "../types/Model.sol";
import { Provenance } from "../types/Provenance.sol";

/// @title ModelRegistry
/// @notice See `IModelRegistry`.
contract ModelRegistry is IModelRegistry, AccessManaged {
    uint32 private constant MAX_DEPOSIT_DELAY = 90 days;
    uint32 private constant MIN_ROYALTY_DELAY = 1 days;
    uint32 private constant MAX_ROYALTY_DELAY = 90 days;
    /// In hundredths of a percent. With the largest audit share it leaves half of a fee to those who did the work.
    uint16 private constant MAX_ROYALTY = 3_000;

    /// What the other contracts read often comes first, one slot each:
    /// `graphRoot` | `arbiter .. deprecated` | `publisher .. royaltyChangeAt` | times | limits, deposit | the rest.
    struct Record {
        bytes32 graphRoot;
        IArbiter arbiter;
        uint32 nodeCount;
        uint8 depth;
        uint8 profile;
        uint8 inputCount;
        uint8 outputCount;
        uint16 format;
        bool deprecated;
        address publisher;
        uint16 royalty;
        uint16 nextRoyalty;
        /// From here on `nextRoyalty` counts.
        uint48 royaltyChangeAt;
        uint48 registeredAt;
        uint48 deprecatedAt;
        uint48 registeredBlock;
        uint32 version;
        uint32 maxProofBytes;
        uint32 maxProofGas;
        uint96 deposit;
        bytes32 contentId;
        bytes32 sha256Hash;
        bytes32 parent;
        bytes32 lineage;
    }

    /// A judge, written in the constructor only, and whether new claims may come before it.
    struct Format {
        IArbiter arbiter;
        bool retired;
    }

    IHub private immutable HUB;
    uint96 private immutable DEPOSIT;
    uint32 private immutable DEPOSIT_DELAY;
    uint32 private immutable ROYALTY_DELAY;

    /// Formats are numbers from 0.
    mapping(uint256 format => Format) private _formats;
    mapping(bytes32 modelId => Record) private _records;
    mapping(bytes32 modelId => mapping(uint256 index => InputTensor)) private _inputs;
    mapping(bytes32 modelId => mapping(uint256 index => OutputTensor)) private _outputs;
    mapping(address publisher => mapping(bytes32 lineage => uint32)) private _versions;

    /// @param arbiters The judge of each format, by format number; zero leaves a format unsupported.
    constructor(
        IHub hub_,
        IArbiter[] memory arbiters,
        RegistryParams memory params
    ) AccessManaged(IAccessManaged(address(hub_)).authority()) {
        require(
            params.depositDelay <= MAX_DEPOSIT_DELAY,
            ParameterOutOfBounds("depositDelay", params.depositDelay, 0, MAX_DEPOSIT_DELAY)
        );
        require(
            params.royaltyDelay >= MIN_ROYALTY_DELAY && params.royaltyDelay <= MAX_ROYALTY_DELAY,
            ParameterOutOfBounds("royaltyDelay", params.royaltyDelay, MIN_ROYALTY_DELAY, MAX_ROYALTY_DELAY)
        );
        HUB = hub_;
        DEPOSIT = params.deposit;
        DEPOSIT_DELAY = params.depositDelay;
        ROYALTY_DELAY = params.royaltyDelay;
        for (uint256 format; format < arbiters.length; ++format) {
            address arbiter = address(arbiters[format]);
            require(arbiter == address(0) || arbiter.code.length != 0, NotAContract(arbiter));
            _formats[format].arbiter = arbiters[format];
        }
    }

    /// @inheritdoc IModelRegistry
    function register(
        ModelContent calldata content,
        Provenance calldata provenance,
        uint16 royalty
    ) external payable returns (bytes32 modelId) {
        require(msg.value == DEPOSIT, WrongDeposit(msg.value, DEPOSIT));
        Format storage format = _formats[content.format];
        require(address(format.arbiter) != address(0), UnsupportedFormat(content.format));
        require(!format.retired, FormatIsRetired(content.format));
        require(royalty <= MAX_ROYALTY, RoyaltyTooHigh(royalty, MAX_ROYALTY));
        ContentRules.check(provenance);
        bytes32 contentId = contentIdOf(content);
        modelId = modelIdOf(contentId, msg.sender);
        require(!exists(modelId), AlreadyRegistered(modelId));
        Record storage record = _records[modelId];
        record.contentId = contentId;
        record.royalty = royalty;
        record.nextRoyalty = royalty;
        // Before the model exists, so that it can't be its own parent.
        uint32 version = _place(modelId, record, provenance);
        _store(modelId, content);
        emit ModelRegistered(modelId, msg.sender, record.lineage, contentId, version, content, provenance, royalty);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(bytes32 modelId) external {
        Record storage record = _published(modelId);
        require(!record.deprecated, AlreadyDeprecated(modelId));
        uint48 time = HUB.time();
        record.deprecated = true;
        record.deprecatedAt = time;
        emit ModelDeprecated(modelId, msg.sender, time + DEPOSIT_DELAY);
    }

    /// @inheritdoc IModelRegistry
    function announceRoyalty(bytes32 modelId, uint16 royalty) external {
        Record storage record = _published(modelId);
        require(royalty <= MAX_ROYALTY, RoyaltyTooHigh(royalty, MAX_ROYALTY));
        uint48 time = HUB.time();
        uint16 current = _royalty(record, time);
        record.royalty = current;
        record.nextRoyalty = royalty;
        record.royaltyChangeAt = time + ROYALTY_DELAY;
        emit RoyaltyAnnounced(modelId, msg.sender, current, royalty, time + ROYALTY_DELAY);
    }

    /// @inheritdoc IModelRegistry
    function retireFormat(uint16 format) external restricted {
        Format storage record = _formats[format];
        require(address(record.arbiter) != address(0), UnsupportedFormat(format));
        require(!record.retired, FormatIsRetired(format));
        record.retired = true;
        emit FormatRetired(format);
    }

    /// @inheritdoc IModelRegistry
    function withdrawDeposit(bytes32 modelId, address payable receiver) external {
        Record storage record = _published(modelId);
        require(receiver != address(0), ZeroAddress());
        require(record.deprecated, NotDeprecated(modelId));
        uint48 freeAt = record.deprecatedAt + DEPOSIT_DELAY;
        require(HUB.runningTime() >= freeAt, DepositLocked(modelId, freeAt));
        uint256 amount = record.deposit;
        require(amount != 0, NoDeposit(modelId));

        record.deposit = 0;
        emit DepositWithdrawn(modelId, receiver, amount);
        require(LowLevelCall.callNoReturn(receiver, amount, ""), PaymentRefused(receiver, amount));
    }

    /// @inheritdoc IModelRegistry
    function acceptsClaims(bytes32 modelId) external view returns (bool) {
        return _open(_records[modelId]);
    }

    /// @inheritdoc IModelRegistry
    function claimTerms(bytes32 modelId) external view returns (bool open, address publisher, uint16 royalty) {
        Record storage record = _records[modelId];
        open = _open(record);
        publisher = record.publisher;
        // The usual case costs no look at the clock.
        royalty = record.nextRoyalty == record.royalty ? record.royalty : _royalty(record, HUB.time());
    }

    /// @inheritdoc IModelRegistry
    function model(bytes32 modelId) external view returns (Model memory) {
        Record storage record = _known(modelId);
        return
            Model({
                contentId: record.contentId,
                graphRoot: record.graphRoot,
                sha256Hash: record.sha256Hash,
                parent: record.parent,
                lineage: record.lineage,
                publisher: record.publisher,
                arbiter: record.arbiter,
                format: record.format,
                profile: record.profile,
                depth: record.depth,
                inputCount: record.inputCount,
                outputCount: record.outputCount,
                nodeCount: record.nodeCount,
                maxProofBytes: record.maxProofBytes,
                maxProofGas: record.maxProofGas,
                version: record.version,
                royalty: _royalty(record, HUB.time()),
                nextRoyalty: record.nextRoyalty,
                royaltyChangeAt: record.royaltyChangeAt,
                deposit: record.deposit,
                registeredAt: record.registeredAt,
                deprecatedAt: record.deprecatedAt,
                registeredBlock: record.registeredBlock
            });
    }

    /// @inheritdoc IModelRegistry
    function facts(bytes32 modelId) external view returns (IArbiter arbiter, Facts memory facts_) {
        Record storage record = _known(modelId);
        arbiter = record.arbiter;
        facts_.graphRoot = record.graphRoot;
        facts_.nodeCount = record.nodeCount;
        facts_.depth = record.depth;
        uint256 count = record.inputCount;
        facts_.inputSizes = new uint32[](count);
        facts_.inputDtypes = new bytes(count);
        for (uint256 i; i < count; ++i) {
            InputTensor storage tensor = _inputs[modelId][i];
            facts_.inputSizes[i] = tensor.size;
            facts_.inputDtypes[i] = bytes1(tensor.dtype);
        }
    }

    /// @inheritdoc IModelRegistry
    function inputs(bytes32 modelId) external view returns (InputTensor[] memory tensors) {
        tensors = new InputTensor[](_known(modelId).inputCount);
        for (uint256 i; i < tensors.length; ++i) tensors[i] = _inputs[modelId][i];
    }

    /// @inheritdoc IModelRegistry
    function outputs(bytes32 modelId) external view returns (OutputTensor[] memory tensors) {
        tensors = new OutputTensor[](_known(modelId).outputCount);
        for (uint256 i; i < tensors.length; ++i) tensors[i] = _outputs[modelId][i];
    }

    /// @inheritdoc IModelRegistry
    function tensorBytes(bytes32 modelId, bool output_) external view returns (uint256[] memory sizes) {
        Record storage record = _known(modelId);
        sizes = new uint256[](output_ ? record.outputCount : record.inputCount);
        for (uint256 i; i < sizes.length; ++i) {
            if (output_) sizes[i] = _outputs[modelId][i].size * DType.size(_outputs[modelId][i].dtype);
            else sizes[i] = _inputs[modelId][i].size * DType.size(_inputs[modelId][i].dtype);
        }
    }

    /// @inheritdoc IModelRegistry
    function input(bytes32 modelId, uint256 index) external view returns (InputTensor memory) {
        uint256 count = _known(modelId).inputCount;
        require(index < count, NoSuchTensor(false, index, count));
        return _inputs[modelId][index];
    }

    /// @inheritdoc IModelRegistry
    function output(bytes32 modelId, uint256 index) external view returns (OutputTensor memory) {
        uint256 count = _known(modelId).outputCount;
        require(index < count, NoSuchTensor(true, index, count));
        return _outputs[modelId][index];
    }

    /// @inheritdoc IModelRegistry
    function arbiterOf(uint16 format) external view returns (IArbiter) {
        return _formats[format].arbiter;
    }

    /// @inheritdoc IModelRegistry
    function isRetired(uint16 format) external view returns (bool) {
        return _formats[format].retired;
    }

    /// @inheritdoc IModelRegistry
    function parameters() external view returns (RegistryParams memory) {
        return RegistryParams({ deposit: DEPOSIT, depositDelay: DEPOSIT_DELAY, royaltyDelay: ROYALTY_DELAY });
    }

    /// @inheritdoc IModelRegistry
    function exists(bytes32 modelId) public view returns (bool) {
        return address(_records[modelId].arbiter) != address(0);
    }

    /// @inheritdoc IModelRegistry
    function contentIdOf(ModelContent calldata content) public pure returns (bytes32) {
        return keccak256(abi.encode(content));
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(bytes32 contentId, address publisher) public pure returns (bytes32) {
        return keccak256(abi.encode(contentId, publisher));
    }

    /// The counts fit their types because `ContentRules` bounds them.
    function _store(bytes32 modelId, ModelContent calldata content) private {
        Record storage record = _records[modelId];
        record.graphRoot = content.graphRoot;
        record.arbiter = _formats[content.format].arbiter;
        record.nodeCount = content.nodeCount;
        record.depth = content.depth;
        record.profile = content.profile;
        record.inputCount = uint8(content.inputs.length);
        record.outputCount = uint8(content.outputs.length);
        record.format = content.format;
        record.publisher = msg.sender;
        record.deposit = DEPOSIT;
        record.registeredAt = HUB.time();
        record.registeredBlock = uint48(block.number);
        record.maxProofBytes = content.maxProofBytes;
        record.maxProofGas = content.maxProofGas;
        _storeTensors(modelId, content);
    }

    /// In its parent's lineage, or at the head of its own.
    function _place(
        bytes32 modelId,
        Record storage record,
        Provenance calldata provenance
    ) private returns (uint32 version) {
        bytes32 lineage = provenance.parent == 0 ? modelId : _known(provenance.parent).lineage;
        version = ++_versions[msg.sender][lineage];
        record.sha256Hash = provenance.sha256Hash;
        record.parent = provenance.parent;
        record.lineage = lineage;
        record.version = version;
    }

    function _storeTensors(bytes32 modelId, ModelContent calldata content) private {
        (uint32[] memory inputSizes, uint32[] memory outputSizes) = ContentRules.check(content);
        for (uint256 i; i < inputSizes.length; ++i) {
            _inputs[modelId][i] = InputTensor({
                dtype: content.inputs[i].dtype,
                size: inputSizes[i],
                lo: content.inputs[i].lo,
                hi: content.inputs[i].hi
            });
        }
        for (uint256 i; i < outputSizes.length; ++i) {
            _outputs[modelId][i] = OutputTensor({
                dtype: content.outputs[i].dtype,
                size: outputSizes[i],
                node: content.outputs[i].node,
                atol: content.outputs[i].atol,
                rtol: content.outputs[i].rtol
            });
        }
    }

    function _open(Record storage record) private view returns (bool) {
        return address(record.arbiter) != address(0) && !record.deprecated && !_formats[record.format].retired;
    }

    function _royalty(Record storage record, uint48 time) private view returns (uint16) {
        return time >= record.royaltyChangeAt ? record.nextRoyalty : record.royalty;
    }

    function _published(bytes32 modelId) private view returns (Record storage record) {
        record = _known(modelId);
        require(msg.sender == record.publisher, NotPublisher(msg.sender, record.publisher));
    }

    function _known(bytes32 modelId) private view returns (Record storage) {
        require(exists(modelId), UnknownModel(modelId));
        return _records[modelId];
    }
}
