package drover.linux.procfs;

/// Placeholder replaced by the first real class of this package.
final class ProcfsPackage {}
