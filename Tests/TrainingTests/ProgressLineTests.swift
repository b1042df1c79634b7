import Testing
import Training

@Suite struct ProgressLineTests {
  /// A terminal, or a file, that keeps what is written, and a clock that is set by hand.
  private final class Screen {
    var width: Int?
    var time = 1000.0
    var written: [String] = []

    init(width: Int?) { self.width = width }

    var surroundings: ProgressLine.Surroundings {
      .init(
        width: { self.width }, now: { self.time }, write: { self.written.append($0) })
    }

    func progress(epochs: Int = 3) -> ProgressLine {
      ProgressLine(
        epochs: epochs, stepsPerEpoch: 468, imagesPerStep: 128, surroundings: surroundings)
    }
  }

  @Test func lineHasAllPartsAndFillsTheTerminal() {
    let screen = Screen(width: 86)
    var progress = screen.progress()
    progress.start(epoch: 1)
    screen.time += 32
    progress.update(step: 234, loss: 0.4123, error: 14.19)
    #expect(
      screen.written == [
        "\repoch 2/3 [============>            ] 234/468 loss 0.412 err 14.2% 936 img/s ETA 1:36"
      ])
    #expect(screen.written[0].utf8.count == 86)
  }

  @Test(arguments: 0...120)
  func lineNeverReachesTheLastColumn(width: Int) {
    let screen = Screen(width: width)
    var progress = screen.progress()
    progress.start(epoch: 1)
    for step in 1...3 {
      screen.time += 1
      progress.update(step: step, loss: 0.4, error: 14)
    }
    for text in screen.written {
      #expect(text.hasPrefix("\r"))
      #expect(text.utf8.count - 1 <= max(width - 1, 0), "\(text)")
    }
  }

  @Test func narrowTerminalShowsWhatMattersMost() {
    let screen = Screen(width: 20)
    var progress = screen.progress()
    progress.start(epoch: 1)
    screen.time += 1
    progress.update(step: 210, loss: 0.4, error: 14)
    #expect(screen.written == ["\repoch 2/3 210/468"])
  }

  @Test func terminalIsAskedForItsWidthEachTime() {
    let screen = Screen(width: 120)
    var progress = screen.progress()
    progress.start(epoch: 0)
    for width in [120, 20, 120] {
      screen.width = width
      screen.time += 1
      progress.update(step: 1, loss: 0.4, error: 14)
    }
    #expect(screen.written.map { $0.utf8.count < 21 } == [false, true, false])
  }

  @Test func redrawsTenTimesASecondAtMost() {
    let screen = Screen(width: 80)
    var progress = screen.progress()
    progress.start(epoch: 0)
    for step in 1...400 {
      screen.time += 0.01
      progress.update(step: step, loss: 1, error: 50)
    }
    #expect((36...40).contains(screen.written.count), "\(screen.written.count)")
  }

  @Test func shorterLineRemovesALongerOne() {
    let screen = Screen(width: 30)
    var progress = screen.progress()
    progress.start(epoch: 0)
    screen.time += 1
    progress.update(step: 468, loss: 10, error: 100)
    let drawn = screen.written[0].utf8.count - 1
    screen.written = []
    progress.finishEpoch("done")
    #expect(screen.written == ["\r" + String(repeating: " ", count: drawn), "\r", "done\n"])
  }

  @Test func fileGetsALineEveryTenSecondsAndOneAnEpoch() {
    let screen = Screen(width: nil)
    var progress = screen.progress(epochs: 1)
    progress.start(epoch: 0)
    for step in 1...100 {
      screen.time += 0.256
      progress.update(step: step, loss: 0.5, error: 20)
    }
    progress.finishEpoch("epoch 1/1 done")
    #expect(
      screen.written == [
        "epoch 1/1 40/468 loss 0.500 err 20.0% 500 img/s ETA 1:50\n",
        "epoch 1/1 80/468 loss 0.500 err 20.0% 500 img/s ETA 1:39\n",
        "epoch 1/1 done\n",
      ])
  }

  @Test func remainingTimeCountsTheTestsAndRateLeavesThemOut() throws {
    let screen = Screen(width: nil)
    var progress = screen.progress(epochs: 3)
    #expect(progress.remainingSeconds == nil)
    progress.start(epoch: 0)
    for step in 1...468 {
      screen.time += 0.1
      progress.update(step: step, loss: 1, error: 50)
    }
    screen.time += 7
    progress.finishEpoch("done")
    progress.start(epoch: 1)
    #expect(abs(try #require(progress.remainingSeconds) - 2 * (46.8 + 7)) < 0.2)
    screen.time += 0.1
    progress.update(step: 1, loss: 1, error: 50)
    #expect(abs(try #require(progress.remainingSeconds) - 2 * (46.8 + 7)) < 0.3)
  }

  @Test func resumedEpochCountsOnlyItsOwnSteps() throws {
    let screen = Screen(width: nil)
    var progress = screen.progress(epochs: 1)
    progress.start(epoch: 0, step: 400)
    screen.time += 1
    progress.update(step: 401, loss: 1, error: 50)
    #expect(abs(try #require(progress.remainingSeconds) - 67) < 1e-9)
  }

  @Test func lossThatIsNotFiniteIsShown() {
    let screen = Screen(width: nil)
    var progress = screen.progress()
    progress.start(epoch: 0)
    screen.time += 20
    progress.update(step: 1, loss: .nan, error: nil)
    #expect(screen.written[0].contains("loss nan 6.4 img/s"), "\(screen.written)")
  }

  @Test(
    arguments: [
      (0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (112, "1:52"), (7384, "2:03:04"),
      (3 * 86400 + 4 * 3600, "3d 04h"), (-1, "0:00"), (.infinity, "--:--"), (.nan, "--:--"),
    ] as [(Double, String)])
  func timeIsShort(seconds: Double, expected: String) {
    #expect(ProgressLine.text(seconds: seconds) == expected)
  }
}
