package drover.daemon.membership.wire;

import java.net.InetSocketAddress;
import org.jgroups.Address;

/// Told what links say about the processes at their other ends. Called on links' threads; must not block.
public interface LinkObserver {
    /// A link from `peer` began.
    void linkBegan(Address peer);

    /// The last link from `peer` ended: its daemon, or its machine, closed it.
    void lastLinkEnded(Address peer);

    /// The machine at this address answers, but no daemon listens there.
    void refused(InetSocketAddress address);
}
