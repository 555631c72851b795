package drover.protocol.local;

/// Placeholder replaced by the first real class of this package.
final class LocalPackage {}
