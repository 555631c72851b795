package drover.simulator.world;

/// What of a world does not depend on its nodes and jobs.
///
/// @param latencySeconds of each message between two nodes
/// @param fixedMoveSeconds that a move takes beside its bytes: dump, restore, commit
/// @param leases whether guests have leases and homes rerun lost ones; only needed where nodes fail
/// @param leaseSeconds as the daemon's
/// @param untilSeconds when the simulation ends at the latest
public record WorldSettings(
        double latencySeconds, double fixedMoveSeconds, boolean leases, double leaseSeconds, double untilSeconds) {
    /// Nothing fails.
    public static WorldSettings faultless(double untilSeconds) {
        return new WorldSettings(0.0002, 0.3, false, 10, untilSeconds);
    }

    /// Nodes and links may fail.
    public static WorldSettings failing(double untilSeconds) {
        return new WorldSettings(0.0002, 0.3, true, 10, untilSeconds);
    }
}
