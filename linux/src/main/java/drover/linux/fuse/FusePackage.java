package drover.linux.fuse;

/// Placeholder replaced by the first real class of this package.
final class FusePackage {}
