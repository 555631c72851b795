package drover.daemon.guest;

import drover.daemon.loop.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connection to the present keeper, or none: made again when it is lost. Loop of guests only.
final class KeeperConnection {
    private static final Logger LOG = LoggerFactory.getLogger(KeeperConnection.class);
    /// One that ends sooner is not started again at once: that would be thousands of times.
    private static final Duration LEAST_LIFE = Duration.ofSeconds(1);

    /// Hears of the keeper.
    interface Listener {
        /// As [Keeper.Listener#message], on the receiving thread.
        void message(KeeperMessage message, IntSupplier takeDescriptor);

        /// The keeper is gone with all it held; another one may follow. On the loop.
        void lost();
    }

    private final Keeper.Setup setup;
    private final Loop loop;
    private final Listener listener;
    private @Nullable Keeper keeper; // null while there is none
    private @Nullable Events events; // of the present connection
    private long sinceNanos;
    private boolean closed;
    private boolean inventoryKnown;
    private final List<Runnable> afterInventory = new ArrayList<>();

    KeeperConnection(Keeper.Setup setup, Loop loop, Listener listener) {
        this.setup = setup;
        this.loop = loop;
        this.listener = listener;
    }

    /// Connects for the first time. From a thread that is not the loop's; it happens on the loop, like every later
    /// connection: a keeper serves one at a time, and two that replace each other never end.
    void connectFirst() throws IOException {
        CompletableFuture<Void> connected = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                if (keeper == null) connect();
                connected.complete(null);
            } catch (IOException e) {
                connected.completeExceptionally(e);
            }
        });
        try {
            connected.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
    }

    private void connect() throws IOException {
        sinceNanos = System.nanoTime();
        events = new Events();
        keeper = new Keeper(setup, events);
    }

    /// Tries again where there is none. Call once a second.
    void tick() {
        if (keeper == null && !closed) reconnect();
    }

    private void reconnect() {
        try {
            connect();
        } catch (IOException e) {
            LOG.error("no keeper: {}", e.getMessage());
        }
    }

    boolean isThere() {
        return keeper != null;
    }

    /// Without a keeper there are no guests to speak of, and the next one is asked what it holds.
    void ifThere(Consumer<Keeper> task) {
        if (keeper != null) task.accept(keeper);
    }

    /// Waits until the keeper has said which guests it holds: before, one that lives would be taken for missing.
    void whenKnown(Runnable task) {
        if (inventoryKnown || keeper == null) task.run();
        else afterInventory.add(task);
    }

    /// It has said which guests it holds.
    void inventoryKnown() {
        inventoryKnown = true;
        List<Runnable> tasks = List.copyOf(afterInventory);
        afterInventory.clear();
        tasks.forEach(Runnable::run);
    }

    private void lost(Events connection, String reason) {
        if (closed || connection != events) return; // an earlier connection's end is no news
        LOG.error("the keeper is gone ({}); its guests are lost, their homes will be told", reason);
        inventoryKnown = false;
        ifThere(Keeper::close);
        keeper = null;
        listener.lost();
        if (System.nanoTime() - sinceNanos > LEAST_LIFE.toNanos()) reconnect();
    }

    /// Leaves the keeper; its guests go on in its hands.
    void close() {
        closed = true;
        ifThere(Keeper::close);
    }

    /// One connection's, so that its end is told from the end of an earlier one.
    private final class Events implements Keeper.Listener {
        @Override
        public void message(KeeperMessage message, IntSupplier takeDescriptor) {
            listener.message(message, takeDescriptor);
        }

        @Override
        public void lost(String reason) {
            loop.execute(() -> KeeperConnection.this.lost(this, reason));
        }
    }
}
