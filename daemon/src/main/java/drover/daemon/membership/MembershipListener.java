package drover.daemon.membership;

/// Told what changes in the cluster, on one thread of the membership's own, in order. It may block briefly;
/// while it does, later events wait.
@FunctionalInterface
public interface MembershipListener {
    void changed(MembershipEvent event);
}
