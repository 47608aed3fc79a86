import Compression
import Tensors

// What the C layer, which sees this module only, needs to call by name.
package typealias Failure = Tensors.Failure
package typealias DType = Tensors.DType
package typealias Tensor = Tensors.Tensor
