package drover.policy.placement;

/// Placeholder replaced by the first real class of this package.
final class PlacementPackage {}
