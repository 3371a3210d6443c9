// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ContentRules } from "./ContentRules.sol";
import { IArbiter } from "../interfaces/IArbiter.sol";
import { IModelRegistry, InputTensor, Model, OutputTensor, RegistryParams } from "../interfaces/IModelRegistry.sol";
import { NotAContract, ParameterOutOfBounds, PaymentRefused, ZeroAddress } from "../types/Errors.sol";
import { Facts } from "../types/Evidence.sol";
import { ModelContent } from "../types/Model.sol";
import { Provenance } from "../types/Provenance.sol";

/// @title ModelRegistry
/// @notice See `IModelRegistry`.
contract ModelRegistry is IModelRegistry {
    uint32 private constant MAX_DEPOSIT_DELAY = 90 days;

    /// What the other contracts read often comes first, one slot each:
    /// `graphRoot` | `arbiter .. format` | `publisher`, `deposit` | clocks and limits | the rest.
    struct Record {
        bytes32 graphRoot;
        IArbiter arbiter;
        uint32 nodeCount;
        uint8 depth;
        uint8 profile;
        uint8 inputCount;
        uint8 outputCount;
        uint16 format;
        address publisher;
        uint96 deposit;
        uint48 registeredAt;
        uint48 deprecatedAt;
        uint48 registeredBlock;
        uint32 version;
        uint32 maxProofBytes;
        uint32 maxProofGas;
        bytes32 contentId;
        bytes32 sha256Hash;
        bytes32 parent;
        bytes32 lineage;
    }

    uint96 private immutable DEPOSIT;
    uint32 private immutable DEPOSIT_DELAY;

    /// Formats are numbers from 0; written in the constructor only.
    mapping(uint256 format => IArbiter) private _arbiters;
    mapping(bytes32 modelId => Record) private _records;
    mapping(bytes32 modelId => mapping(uint256 index => InputTensor)) private _inputs;
    mapping(bytes32 modelId => mapping(uint256 index => OutputTensor)) private _outputs;
    mapping(address publisher => mapping(bytes32 lineage => uint32)) private _versions;

    /// @param arbiters The judge of each format, by format number; zero leaves a format unsupported.
    constructor(IArbiter[] memory arbiters, RegistryParams memory params) {
        require(
            params.depositDelay <= MAX_DEPOSIT_DELAY,
            ParameterOutOfBounds("depositDelay", params.depositDelay, 0, MAX_DEPOSIT_DELAY)
        );
        DEPOSIT = params.deposit;
        DEPOSIT_DELAY = params.depositDelay;
        for (uint256 format; format < arbiters.length; ++format) {
            address arbiter = address(arbiters[format]);
            require(arbiter == address(0) || arbiter.code.length != 0, NotAContract(arbiter));
            _arbiters[format] = arbiters[format];
        }
    }

    /// @inheritdoc IModelRegistry
    function register(
        ModelContent calldata content,
        Provenance calldata provenance
    ) external payable returns (bytes32 modelId) {
        require(msg.value == DEPOSIT, WrongDeposit(msg.value, DEPOSIT));
        require(address(_arbiters[content.format]) != address(0), UnsupportedFormat(content.format));
        (uint32[] memory inputSizes, uint32[] memory outputSizes) = ContentRules.check(content);
        ContentRules.check(provenance);

        bytes32 contentId = contentIdOf(content);
        modelId = modelIdOf(contentId, msg.sender);
        require(!exists(modelId), AlreadyRegistered(modelId));

        bytes32 lineage = modelId;
        if (provenance.parent != 0) lineage = _known(provenance.parent).lineage;
        uint32 version = ++_versions[msg.sender][lineage];

        _store(modelId, content);
        Record storage record = _records[modelId];
        record.contentId = contentId;
        record.sha256Hash = provenance.sha256Hash;
        record.parent = provenance.parent;
        record.lineage = lineage;
        record.version = version;
        _storeTensors(modelId, content, inputSizes, outputSizes);
        emit ModelRegistered(modelId, msg.sender, lineage, contentId, version, content, provenance);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(bytes32 modelId) external {
        Record storage record = _published(modelId);
        require(record.deprecatedAt == 0, AlreadyDeprecated(modelId));
        record.deprecatedAt = uint48(block.timestamp);
        emit ModelDeprecated(modelId, msg.sender, uint48(block.timestamp) + DEPOSIT_DELAY);
    }

    /// @inheritdoc IModelRegistry
    function withdrawDeposit(bytes32 modelId, address payable receiver) external {
        Record storage record = _published(modelId);
        require(receiver != address(0), ZeroAddress());
        require(record.deprecatedAt != 0, NotDeprecated(modelId));
        uint48 freeAt = record.deprecatedAt + DEPOSIT_DELAY;
        require(block.timestamp >= freeAt, DepositLocked(modelId, freeAt));
        uint256 amount = record.deposit;
        require(amount != 0, NoDeposit(modelId));

        record.deposit = 0;
        emit DepositWithdrawn(modelId, receiver, amount);
        (bool paid, ) = receiver.call{ value: amount }("");
        require(paid, PaymentRefused(receiver, amount));
    }

    /// @inheritdoc IModelRegistry
    function acceptsClaims(bytes32 modelId) external view returns (bool) {
        return exists(modelId) && _records[modelId].deprecatedAt == 0;
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
        return _arbiters[format];
    }

    /// @inheritdoc IModelRegistry
    function parameters() external view returns (RegistryParams memory) {
        return RegistryParams({ deposit: DEPOSIT, depositDelay: DEPOSIT_DELAY });
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
        record.arbiter = _arbiters[content.format];
        record.nodeCount = content.nodeCount;
        record.depth = content.depth;
        record.profile = content.profile;
        record.inputCount = uint8(content.inputs.length);
        record.outputCount = uint8(content.outputs.length);
        record.format = content.format;
        record.publisher = msg.sender;
        record.deposit = DEPOSIT;
        record.registeredAt = uint48(block.timestamp);
        record.registeredBlock = uint48(block.number);
        record.maxProofBytes = content.maxProofBytes;
        record.maxProofGas = content.maxProofGas;
    }

    function _storeTensors(
        bytes32 modelId,
        ModelContent calldata content,
        uint32[] memory inputSizes,
        uint32[] memory outputSizes
    ) private {
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

    function _published(bytes32 modelId) private view returns (Record storage record) {
        record = _known(modelId);
        require(msg.sender == record.publisher, NotPublisher(msg.sender, record.publisher));
    }

    function _known(bytes32 modelId) private view returns (Record storage) {
        require(exists(modelId), UnknownModel(modelId));
        return _records[modelId];
    }
}
