import KernelContract

/// Every kernel of this module.
package func kernelTable() -> [KernelEntry] { [] }
