import CMachine
import KernelContract
import Kernels
import Plan
import Tensors
