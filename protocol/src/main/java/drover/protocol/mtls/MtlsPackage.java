package drover.protocol.mtls;

/// Placeholder replaced by the first real class of this package.
final class MtlsPackage {}
