import Testing
import Training

@Suite struct TrainingErrorTests {
  @Test func describesItselfInOneLine() throws {
    let error = #expect(throws: TrainingError.self) { try Recipe.named("a\nb\u{2028}c\u{7}") }
    let description = error?.description ?? ""
    #expect(
      description.hasPrefix(#"recipe "a\u{a}b\u{2028}c\u{7}": there is no such recipe; choose"#),
      "\(description)")
    #expect(description.split(whereSeparator: { $0.isNewline }).count == 1)
  }

  @Test func statusesAreThoseOfTheContract() {
    #expect(TrainingError.Category.usage.rawValue == 64)
    #expect(TrainingError.Category.badData.rawValue == 65)
    #expect(TrainingError.Category.missingFile.rawValue == 66)
    #expect(TrainingError.Category.cannotWrite.rawValue == 73)
  }
}
