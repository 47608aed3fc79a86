import CMachine
import Graph
import KernelContract
import Tensors
