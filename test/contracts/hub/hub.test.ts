import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { Hub, ToyManager, ToySource } from "../../../typechain-types/index.js";
import { deployHub, parametersWith } from "../../support/hub.js";
import { connect, type Connection, DAY, HOUR } from "../../support/protocol.js";

describe("Hub", () => {
  let chain: Connection;
  let hub: Hub;
  let manager: ToyManager;
  let sources: ToySource[];

  beforeEach(async () => {
    chain = await connect();
    const { ethers, publisher } = chain;
    // Deployed by one account, to be sealed by another: as a factory does.
    hub = await deployHub(chain, { sealer: publisher });
    manager = await ethers.deployContract("ToyManager", [hub, HOUR, DAY]);
    sources = [];
    for (let i = 0; i < 9; i++) sources.push(await ethers.deployContract("ToySource", [manager]));
  });

  const seal = (count: number) => hub.connect(chain.publisher).seal(manager, sources.slice(0, count), []);

  it("knows nobody before it is sealed", async () => {
    expect(await hub.isSealed()).to.equal(false);
    expect(await hub.challengeManager()).to.equal(ZeroAddress);
    expect(await hub.sources()).to.deep.equal([]);
    expect(await hub.isSource(sources[0]!)).to.equal(false);
    expect(await hub.sealer()).to.equal(chain.publisher.address);
  });

  it("names the challenge manager and the sources once sealed", async () => {
    const addresses = [await sources[0]!.getAddress(), await sources[1]!.getAddress()];
    await expect(seal(2))
      .to.emit(hub, "HubSealed")
      .withArgs(await manager.getAddress(), addresses, []);
    expect(await hub.isSealed()).to.equal(true);
    expect(await hub.challengeManager()).to.equal(await manager.getAddress());
    expect(await hub.sources()).to.deep.equal(addresses);
    expect(await hub.isSource(sources[1]!)).to.equal(true);
    expect(await hub.isSource(sources[2]!)).to.equal(false);
  });

  it("lets sources and lockers lock, and only sources be claimed from", async () => {
    const addresses = [await sources[0]!.getAddress(), await sources[1]!.getAddress()] as const;
    await hub.connect(chain.publisher).seal(manager, [addresses[0]], [addresses[1]]);
    expect(await hub.lockers()).to.deep.equal([addresses[1]]);
    expect([await hub.isSource(addresses[0]), await hub.mayLock(addresses[0])]).to.deep.equal([true, true]);
    expect([await hub.isSource(addresses[1]), await hub.mayLock(addresses[1])]).to.deep.equal([false, true]);
    expect(await hub.mayLock(manager)).to.equal(false);
  });

  it("counts lockers with the sources, and takes none twice", async () => {
    const seal = (count: number, locker: ToySource) =>
      hub.connect(chain.publisher).seal(manager, sources.slice(0, count), [locker]);
    await expect(seal(8, sources[8]!)).to.be.revertedWithCustomError(hub, "SourceCount").withArgs(9, 8);
    await expect(seal(1, sources[0]!)).to.be.revertedWithCustomError(hub, "DuplicateSource");
    await seal(7, sources[8]!);
  });

  it("is sealed only once", async () => {
    await seal(1);
    await expect(seal(1)).to.be.revertedWithCustomError(hub, "AlreadySealed");
  });

  it("is sealed only by the sealer, who need not have deployed it", async () => {
    await expect(hub.connect(chain.deployer).seal(manager, [sources[0]!], []))
      .to.be.revertedWithCustomError(hub, "NotSealer")
      .withArgs(chain.deployer.address, chain.publisher.address);
  });

  it("takes 1 to 8 sources", async () => {
    await expect(seal(0)).to.be.revertedWithCustomError(hub, "SourceCount").withArgs(0, 8);
    await expect(seal(9)).to.be.revertedWithCustomError(hub, "SourceCount").withArgs(9, 8);
    await seal(8);
    expect((await hub.sources()).length).to.equal(8);
  });

  it("refuses accounts without code", async () => {
    const sealer = hub.connect(chain.publisher);
    await expect(sealer.seal(chain.stranger, [sources[0]!], []))
      .to.be.revertedWithCustomError(hub, "NotAContract")
      .withArgs(chain.stranger.address);
    await expect(sealer.seal(manager, [chain.stranger], []))
      .to.be.revertedWithCustomError(hub, "NotAContract")
      .withArgs(chain.stranger.address);
  });

  it("refuses a source that is named twice", async () => {
    await expect(hub.connect(chain.publisher).seal(manager, [sources[0]!, sources[0]!], []))
      .to.be.revertedWithCustomError(hub, "DuplicateSource")
      .withArgs(await sources[0]!.getAddress());
  });

  it("refuses the manager of another deployment", async () => {
    const other = await deployHub(chain, { sealer: chain.publisher });
    await expect(other.connect(chain.publisher).seal(manager, [sources[0]!], []))
      .to.be.revertedWithCustomError(other, "ForeignManager")
      .withArgs(await manager.getAddress(), await hub.getAddress());
  });

  it("refuses a source that obeys another manager", async () => {
    const foreign = await chain.ethers.deployContract("ToySource", [hub]);
    await expect(hub.connect(chain.publisher).seal(manager, [sources[0]!, foreign], []))
      .to.be.revertedWithCustomError(hub, "ForeignSource")
      .withArgs(await foreign.getAddress(), await hub.getAddress());
    expect(await hub.isSource(sources[0]!)).to.equal(false);
  });

  it("needs a sealer and an authority", async () => {
    const { ethers, deployer, stranger } = chain;
    await expect(ethers.deployContract("Hub", [deployer, stranger, 6 * HOUR, DAY, parametersWith()]))
      .to.be.revertedWithCustomError(hub, "NotAContract")
      .withArgs(stranger.address);
    await expect(deployHub(chain, { sealer: ZeroAddress })).to.be.revertedWithCustomError(hub, "ZeroAddress");
  });
});
