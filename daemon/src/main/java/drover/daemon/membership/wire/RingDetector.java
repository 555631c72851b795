package drover.daemon.membership.wire;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jgroups.Address;
import org.jgroups.EmptyMessage;
import org.jgroups.Event;
import org.jgroups.Message;
import org.jgroups.View;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.stack.Protocol;
import org.jgroups.util.MessageBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Failure detection: carries out what `RingWatch` decides. It stands where JGroups' FD_ALL3 and
/// VERIFY_SUSPECT2 would; those ping all members from all members, and so make each pair of nodes shake hands
/// during a cold start (docs/adr/0003-cold-start.md).
public final class RingDetector extends Protocol {
    private static final short PROTOCOL_ID = 1042;
    private static final byte[] NOTHING = {};
    private static final Logger LOG = LoggerFactory.getLogger(RingDetector.class);

    static {
        ClassConfigurator.addProtocol(PROTOCOL_ID, RingDetector.class);
        ClassConfigurator.add(SilenceHeader.MAGIC, SilenceHeader.class);
    }

    private final Duration beat;
    private final Duration silence;
    private final Duration verification;
    private final ReentrantLock lock = new ReentrantLock();
    private RingWatch<Address> watch;
    private TlsTransport transport;

    public RingDetector(Duration beat, Duration silence, Duration verification) {
        this.beat = beat;
        this.silence = silence;
        this.verification = verification;
        setId(PROTOCOL_ID);
    }

    @Override
    public void start() throws Exception {
        super.start();
        transport = (TlsTransport) getTransport();
        transport.listen(Word.ASK, (from, _, _) -> transport.say(from, Word.ALIVE, NOTHING));
        transport.listen(Word.ALIVE, (from, _, _) -> lives(from));
        transport.eachBeat(this::tick);
        watch = new RingWatch<>(local_addr, beat.toMillis(), silence.toMillis(), verification.toMillis());
    }

    @Override
    public Object down(Event event) {
        if (event.getType() == Event.VIEW_CHANGE) {
            View next = event.getArg();
            lock.lock();
            try {
                watch.view(next.getMembers());
            } finally {
                lock.unlock();
            }
        }
        return down_prot.down(event);
    }

    @Override
    public Object up(Event event) {
        if (event.getType() != Event.SUSPECT) return up_prot.up(event);
        List<Address> broken = event.getArg(); // the transport saw the last link from them break
        for (Address member : broken) tell(decide(state -> state.broken(member, System.nanoTime())));
        return null;
    }

    /// The machine at this address refused a link: no daemon listens there.
    void refused(InetSocketAddress address) {
        for (Address member : decide(RingWatch::members)) {
            boolean there = MemberAddress.of(member)
                    .map(says -> says.control().equals(address))
                    .orElse(false);
            if (!there) continue;
            tell(decide(state -> state.broken(member, System.nanoTime())));
            perform(decide(state -> state.refused(member)));
        }
    }

    @Override
    public Object up(Message message) {
        SilenceHeader header = message.getHeader(id);
        if (header == null) return up_prot.up(message);
        judge(header.silent());
        return null;
    }

    @Override
    public void up(MessageBatch batch) {
        batch.removeIf(
                message -> {
                    SilenceHeader header = message.getHeader(id);
                    if (header != null) judge(header.silent());
                    return header != null;
                },
                true);
        if (!batch.isEmpty()) up_prot.up(batch);
    }

    private void lives(Address from) {
        if (!decide(state -> state.heard(from, System.nanoTime()))) return;
        LOG.debug("{} answers after all", from);
        Event unsuspect = new Event(Event.UNSUSPECT, from);
        down_prot.down(unsuspect);
        up_prot.up(unsuspect);
    }

    private void tick() {
        perform(decide(state -> state.tick(System.nanoTime())));
    }

    private <T> T decide(Function<RingWatch<Address>, T> decision) {
        lock.lock();
        try {
            return decision.apply(watch);
        } finally {
            lock.unlock();
        }
    }

    private void perform(RingWatch.Actions<Address> actions) {
        actions.assure().forEach(member -> transport.say(member, Word.ALIVE, NOTHING));
        actions.ping().forEach(member -> transport.say(member, Word.ASK, NOTHING));
        tell(actions.report());
        if (actions.giveUp().isEmpty()) return;
        LOG.info("giving up {}", actions.giveUp());
        up_prot.up(new Event(Event.SUSPECT, actions.giveUp()));
    }

    private void tell(List<RingWatch.Report<Address>> reports) {
        for (RingWatch.Report<Address> report : reports) {
            LOG.debug("{} is silent, telling {}", report.silent(), report.judge());
            if (report.judge().equals(local_addr)) judge(report.silent());
            else send(report.judge(), new SilenceHeader(report.silent()));
        }
    }

    private void judge(Address silent) {
        RingWatch.Actions<Address> actions = decide(state -> state.doubt(silent, System.nanoTime()));
        if (actions.ping().isEmpty()) return;
        perform(actions);
        var _ = transport
                .loop()
                .schedule(
                        () -> perform(decide(state -> state.verdict(System.nanoTime()))),
                        verification.toMillis() + 1,
                        TimeUnit.MILLISECONDS);
    }

    private void send(Address to, SilenceHeader header) {
        Message message = new EmptyMessage(to)
                .setFlag(Message.Flag.OOB, Message.Flag.DONT_BUNDLE)
                .setFlag(Message.TransientFlag.DONT_BLOCK)
                .putHeader(id, header);
        down_prot.down(message);
    }
}
