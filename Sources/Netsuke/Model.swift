import Compression
import Formats
import Graph
import Passes
import Plan
import Runtime
import Tensors
