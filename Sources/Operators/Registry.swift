import Autotuner

/// Every operation: the tests, `widecl verify` and the tuner run over this list.
package let allOperations: [any TunableOperation.Type] = [
  Conv2DForward.self,
  Conv2DBackwardData.self,
  Conv2DBackwardFilter.self,
  BatchNormStatistics.self,
  BatchNormReLUForward.self,
  BatchNormReLUBackward.self,
  Dropout.self,
  Add.self,
  GlobalAveragePoolForward.self,
  GlobalAveragePoolBackward.self,
  LinearForward.self,
  LinearBackward.self,
  SoftmaxCrossEntropy.self,
  SGD.self,
  Augment.self,
  Initialize.self,
  Fill.self,
  PeakMultiplyAdd.self,
  PeakCopy.self,
]
