import Graph
import Models
import Testing

/// The numbers of trainable parameters, exact, as the authors' logs have them.
struct ParameterCountTests {
  private func count(_ name: String, classes: Int = 10, rule: DepthRule = .sixNPlusFour) throws
    -> Int
  {
    try ModelName(parsing: name).model(depthRule: rule)
      .network(image: ImageShape(height: 32, width: 32, channels: 3), classes: classes)
      .parameterCount
  }

  @Test(arguments: [
    ("wrn-16-1", 175_066, 180_916), ("wrn-16-2", 691_674, 703_284),
    ("wrn-16-4", 2_748_890, 2_772_020), ("wrn-16-8", 10_961_370, 11_007_540),
    ("wrn-16-10", 17_116_634, 17_174_324), ("wrn-22-8", 17_158_106, 17_204_276),
    ("wrn-22-10", 26_797_914, 26_855_604), ("wrn-52-1", 758_362, 764_212),
    ("wrn-28-10", 36_479_194, 36_536_884), ("wrn-28-12", 52_517_850, 52_587_060),
    ("wrn-40-1", 563_930, 569_780), ("wrn-40-2", 2_243_546, 2_255_156),
    ("wrn-40-4", 8_949_210, 8_972_340), ("wrn-40-8", 35_748_314, 35_794_484),
    ("wrn-40-10", 55_841_754, 55_899_444),
  ])
  func basicBlocks(name: String, ten: Int, hundred: Int) throws {
    #expect(try count(name) == ten)
    #expect(try count(name, classes: 100) == hundred)
  }

  @Test(arguments: [
    ("wrn-40-2-b(1,3,1)", 1_429_082), ("wrn-40-2-b(3,1)", 1_211_354),
    ("wrn-40-2-b(1,3)", 1_297_370), ("wrn-40-2-b(3,1,1)", 1_343_066), ("wrn-28-2", 1_467_610),
    ("wrn-22-2-b(3,1,3)", 1_145_498),
  ])
  func blockTypesOfTable2(name: String, expected: Int) throws {
    #expect(try count(name) == expected)
  }

  /// Of -110 and -1001 the paper has 1.7M and 10.2M, its networks' logs none.
  @Test(arguments: [
    ("preact-resnet-110", 1_730_522), ("preact-resnet-164", 1_703_258),
    ("preact-resnet-1001", 10_327_706),
  ])
  func preactivationResNets(name: String, expected: Int) throws {
    #expect(try count(name) == expected)
  }

  @Test(arguments: ["b(3)", "b(3,3)", "b(3,3,3)", "b(3,3,3,3)"])
  func convolutionsPerBlockOfTable3(block: String) throws {
    #expect(try count("wrn-40-2-\(block)", rule: .threeLNPlusFour) == 2_243_546)
  }

  /// The paper has 1.7M for -110, and for -1202 the number of pre-activation ResNet-1001.
  @Test(arguments: [
    ("resnet-20", 269_722, 275_572), ("resnet-110", 1_727_962, 1_733_812),
    ("resnet-1202", 19_421_274, 19_427_124),
  ])
  func originalResNets(name: String, ten: Int, hundred: Int) throws {
    #expect(try count(name) == ten)
    #expect(try count(name, classes: 100) == hundred)
  }

  /// The sums of the papers' layers by hand; of FitNet-19 and Highway-19 the papers have 2.5M and
  /// 2.3M.
  @Test(arguments: [
    ("nin", 966_986, 984_356), ("dsn", 3_547_496, 26_789_456), ("fitnet-19", 2_742_102, 2_787_192),
    ("highway-19", 2_256_838, 2_265_928), ("elu-11", 1_641_938, 1_669_028),
    ("elu-18", 39_226_634, 39_330_404),
  ])
  func networksWithoutResidualBlocks(name: String, ten: Int, hundred: Int) throws {
    #expect(try count(name) == ten)
    #expect(try count(name, classes: 100) == hundred)
  }

  /// Any image ends in one pixel.
  @Test(arguments: ComparedNetwork.allCases)
  func networksWithoutResidualBlocksForAnyImage(model: ComparedNetwork) throws {
    for (height, width) in [(1, 1), (2, 3), (28, 28), (33, 65), (224, 224)] {
      let network = model.network(
        image: ImageShape(height: height, width: width, channels: 1), classes: 7)
      let output = try #require(network.layerSummaries.last?.output)
      #expect(output == "7x1x1", "\(height)x\(width)")
    }
  }

  /// Tables 7 and 8; the first of each and the bottlenecks are torchvision's numbers, too.
  @Test(arguments: [
    ("resnet-18", 11_689_512), ("wrn-18-1.5", 25_875_816), ("wrn-18-2", 45_618_216),
    ("wrn-18-3", 101_783_976), ("resnet-34", 21_797_672), ("wrn-34-1.5", 48_613_608),
    ("wrn-34-2", 86_036_008), ("resnet-50", 25_557_032), ("resnet-101", 44_549_160),
    ("resnet-152", 60_192_808), ("wrn-50-2-bottleneck", 68_883_240),
    ("wrn-101-2-bottleneck", 126_886_696), ("preact-resnet-200", 64_666_152),
  ])
  func imageNet(name: String, expected: Int) throws {
    let model = try ModelName(parsing: name).model()
    #expect(
      model.network(image: model.usualImage, classes: model.usualClasses).parameterCount
        == expected)
  }
}
