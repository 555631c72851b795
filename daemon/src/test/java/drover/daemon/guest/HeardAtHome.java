package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.fail;

import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// What homes hear of their guests.
final class HeardAtHome implements GuestHost.ToHome {
    record Heard(NodeId home, JobMessage message) {}

    private final LinkedBlockingQueue<Heard> heard = new LinkedBlockingQueue<>();

    @Override
    public void send(NodeId home, JobMessage message) {
        heard.add(new Heard(home, message));
    }

    @Override
    public boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame) {
        fileFrame.release();
        return false;
    }

    Heard next() throws InterruptedException {
        Heard next = heard.poll(20, TimeUnit.SECONDS);
        return next == null ? fail("no home hears anything") : next;
    }

    boolean isEmpty() {
        return heard.isEmpty();
    }
}
