package drover.policy.load;

/// Placeholder replaced by the first real class of this package.
final class LoadPackage {}
