package drover.protocol.file;

/// Placeholder replaced by the first real class of this package.
final class FilePackage {}
