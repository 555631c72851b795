package drover.daemon.network;

import drover.linux.network.TunDevice;
import drover.linux.network.Wakeup;
import drover.linux.syscall.Poll;
import drover.protocol.job.PacketFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread that reads the packets of all network devices of this node. It exists as long as there are some.
/// Public methods may be called from any thread.
public final class PacketPump implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PacketPump.class);
    /// Packets of one device before the next one's turn: 2 MiB at most.
    private static final int BURST = 32;

    /// A device, and who takes what is read from it.
    interface Source {
        TunDevice device();

        /// Whether there is room for more. If not, the kernel keeps some packets and drops the rest, and
        /// [PacketPump#wake] is to be called when there is.
        boolean hasRoom();

        /// A packet was read: room for the guest's key, then the packet. The bytes are the pump's.
        void packet(ByteBuf frame);
    }

    private final ByteBuf frame = Unpooled.directBuffer(PacketFrame.KEY_BYTES + TunDevice.PACKET_MAX_BYTES);
    private final ByteBuffer packet = frame.nioBuffer(PacketFrame.KEY_BYTES, TunDevice.PACKET_MAX_BYTES);
    private final Queue<Runnable> changes = new ConcurrentLinkedQueue<>();
    private final List<Source> sources = new ArrayList<>(); // of the thread
    private ByteBuffer entries = room(16);
    private final Wakeup wakeup;
    private Thread thread; // null until the first device; under this
    private volatile boolean closed;

    public PacketPump() throws IOException {
        wakeup = new Wakeup();
    }

    private static ByteBuffer room(int count) {
        return ByteBuffer.allocateDirect(count * Poll.ENTRY_BYTES).order(ByteOrder.nativeOrder());
    }

    synchronized void add(Source source) {
        changes.add(() -> sources.add(source));
        if (thread == null && !closed)
            thread = Thread.ofPlatform().name("packets").daemon().start(this::run);
        wake();
    }

    /// Reads no more from it; the last step, on the thread, when that is so.
    synchronized void remove(Source source, Runnable last) {
        changes.add(() -> {
            sources.remove(source);
            last.run();
        });
        wake();
    }

    /// There may be room again.
    void wake() {
        wakeup.wake();
    }

    private void run() {
        while (!closed) {
            try {
                for (Runnable change = changes.poll(); change != null; change = changes.poll()) change.run();
                List<Source> asked = await();
                for (int i = 0; i < asked.size(); i++) if (entries.getShort(at(i + 1) + 6) != 0) pump(asked.get(i));
            } catch (RuntimeException | Error e) {
                LOG.error("packets", e);
            }
        }
    }

    private static int at(int entry) {
        return entry * Poll.ENTRY_BYTES;
    }

    /// Waits for packets of sources that have room; gives those that were asked, in the order of the entries.
    private List<Source> await() {
        List<Source> asked = new ArrayList<>(sources.size());
        if (entries.capacity() < at(sources.size() + 1)) entries = room(2 * sources.size() + 1);
        ask(0, wakeup.descriptor());
        for (Source source : sources) {
            if (!source.hasRoom()) continue;
            asked.add(source);
            ask(asked.size(), source.device().descriptor());
        }
        int ready = Poll.untilReady(entries, asked.size() + 1);
        if (ready < 0) return List.of(); // a signal
        if (entries.getShort(at(0) + 6) != 0) wakeup.awoken();
        return asked;
    }

    private void ask(int entry, int descriptor) {
        entries.putInt(at(entry), descriptor)
                .putShort(at(entry) + 4, Poll.POLLIN)
                .putShort(at(entry) + 6, (short) 0);
    }

    private void pump(Source source) {
        for (int i = 0; i < BURST && source.hasRoom(); i++) {
            int length = source.device().read(packet);
            if (length == 0) return;
            if (length < 0) { // the guest is gone with its network: its end is told elsewhere
                sources.remove(source);
                return;
            }
            source.packet(frame.setIndex(0, PacketFrame.KEY_BYTES + length));
        }
    }

    @Override
    public void close() {
        Thread running;
        synchronized (this) {
            closed = true;
            running = thread;
        }
        wake();
        if (running == null) return;
        try {
            running.join(2000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
