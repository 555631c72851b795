package drover.protocol.job;

/// Placeholder replaced by the first real class of this package.
final class JobPackage {}
