package drover.homefs.server;

/// Placeholder replaced by the first real class of this package.
final class ServerPackage {}
