import Autotuner

/// Every operation: the tests, `widecl verify` and the tuner run over this list.
package let allOperations: [any TunableOperation.Type] = [
  Fill.self
]
