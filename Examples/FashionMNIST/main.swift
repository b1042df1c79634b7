// Trains a small residual network of its own on Fashion-MNIST:
// swift run -c release FashionMNISTExample
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Training

var network = Network(image: ImageShape(height: 28, width: 28, channels: 1))
var x = network.convolution(network.input, channels: 16, kernel: 3, stride: 2, name: "conv0")
let branch = network.batchNormReLU(x, name: "bn0")
x = network.add(
  network.convolution(branch, channels: 16, kernel: 3, name: "conv1"), x, name: "add")
x = network.batchNormReLU(x, name: "bn1")
x = network.convolution(x, channels: 32, kernel: 3, stride: 2, name: "conv2")
x = network.globalAveragePool(network.batchNormReLU(x, name: "bn2"))
network.linear(x, outputs: 10, name: "fc")

let locator = DatasetLocator(environment: ProcessInfo.processInfo.environment)
let data = try Dataset.load(.fashionMNIST, from: locator).prefix(12_800)
let device = try DeviceManager().device()
var recipe = Recipe.quick
recipe.epochs = 4
let trainer = try Trainer(network: network, data: data, recipe: recipe, on: device)
while !trainer.isFinished {
  try trainer.trainEpoch()
  if let test = try trainer.evaluate() {
    print("epoch \(trainer.epoch): \(test.error) % of the test images are wrong")
  }
}
