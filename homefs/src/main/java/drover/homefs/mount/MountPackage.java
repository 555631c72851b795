package drover.homefs.mount;

/// Placeholder replaced by the first real class of this package.
final class MountPackage {}
