package drover.cli.command;

/// Placeholder replaced by the first real class of this package.
final class CommandPackage {}
