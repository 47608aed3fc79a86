extension Architecture {
  /// Every network that can be built, in the order of listings.
  package static let all: [Architecture] = [
    .leNet300100, .leNet5,
    .alexNet, .alexNetOneTower, .vgg16,
    .squeezeNet10, .squeezeNet11,
    .mobileNetV1, .mobileNetV2, .xception,
    .shuffleNetV1, .shuffleNetV2, .effNet,
    .resNet8, .resNet20, .resNet56, .resNet18, .resNet50,
  ]
}
