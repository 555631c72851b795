package drover.linux.cgroup;

/// Placeholder replaced by the first real class of this package.
final class CgroupPackage {}
