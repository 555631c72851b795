package drover.protocol.link;

/// Placeholder replaced by the first real class of this package.
final class LinkPackage {}
