package drover.homefs.mount;

import drover.homefs.cache.BlockStore;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Close;
import drover.protocol.file.Caller;
import drover.protocol.file.ContentHash;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers reads of files that anybody may read, under a lease, with content that this node has: home says what
/// its blocks hash to, and what hashes to the same is the same. Most of them are programs and libraries, found
/// among this node's own if both run one distribution, or else in what was kept of this or another home's.
///
/// Thread rule: any thread. Files are read and hashed on threads of its own, since that takes longer than a
/// request of the kernel may hold up others.
final class HashedReads implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HashedReads.class);
    private static final int THREADS = 2;

    private final KnownNodes nodes;
    private final Grants grants;
    private final LocalOpens locals;
    private final Conversation conversation;
    private final ReplyTranslator replies;
    private final BlockStore store;
    private final MountCounters counters;
    private final ThreadPoolExecutor threads;
    /// Those under way, by the kernel's number of the request.
    private final Map<Long, Reading> readings = new ConcurrentHashMap<>();

    HashedReads(
            String name,
            KnownNodes nodes,
            Grants grants,
            LocalOpens locals,
            Conversation conversation,
            ReplyTranslator replies,
            BlockStore store,
            MountCounters counters) {
        this.nodes = nodes;
        this.grants = grants;
        this.locals = locals;
        this.conversation = conversation;
        this.replies = replies;
        this.store = store;
        this.counters = counters;
        threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), // as many as the kernel asks at once
                Thread.ofPlatform().name(name, 1).daemon().factory());
        threads.allowCoreThreadTimeOut(true);
        threads.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // the next daemon is asked again
    }

    /// Has home asked for the content itself, if the read is under way here: it was interrupted, and may have to
    /// end without an answer.
    void giveUp(long id) {
        Reading reading = readings.remove(id);
        if (reading != null) reading.otherwise.run();
    }

    private void giveUp(Reading reading) {
        giveUp(reading.id());
    }

    /// A read that the kernel waits for.
    ///
    /// @param otherwise what to do if it cannot be answered here after all
    private record Reading(long unique, KnownNode node, FileOperation.Read read, Runnable otherwise) {
        long id() {
            return unique & ~FuseRequest.RESENT;
        }

        int firstBlock() {
            return (int) (read.offset() / ContentHash.BLOCK_BYTES);
        }
    }

    /// Takes the read up, if it may be answered here.
    ///
    /// @param otherwise asks home, on any thread
    /// @return false if there is no chance, and nothing will be done
    boolean takes(long unique, long id, FileOperation.Read read, Runnable otherwise) {
        KnownNode node = nodes.get(id);
        KnownContent content = node == null ? null : known(node);
        if (content == null || read.offset() >= content.size || !(content.isOwn() || content.isKept())) return false;
        counters.bytesHashed.add(Math.min(read.length(), content.size - read.offset()));
        Reading reading = new Reading(unique, node, read, otherwise);
        readings.put(reading.id(), reading);
        execute(() -> answer(reading, content), () -> giveUp(reading));
        return true;
    }

    /// Does the task, and if it fails, what loses no reader.
    private void execute(Runnable task, Runnable otherwise) {
        threads.execute(() -> orElse(task, otherwise));
    }

    private static void orElse(Runnable task, Runnable otherwise) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            log.error("content that is here, or in blocks, cannot be read; home is asked for it", e);
            otherwise.run();
        }
    }

    private KnownContent known(KnownNode node) {
        KnownContent known = node.hashed();
        if (known != null || !node.isOpenToAll()) return known;
        KnownContent made = node.hashed(nodes.path(node));
        if (made != null && !OwnFiles.has(made.path, made.size)) made.isNotOwn();
        return made;
    }

    private void answer(Reading reading, KnownContent content) {
        long end = Math.min(content.size, reading.read.offset() + reading.read.length());
        int first = reading.firstBlock();
        int last = (int) ((end - 1) / ContentHash.BLOCK_BYTES);
        for (int block = first; block <= last; block++)
            if (content.hash(block) == null) {
                ask(reading, content, block);
                return;
            }
        ByteBuf data = ByteBufAllocator.DEFAULT.directBuffer((last - first + 1) * ContentHash.BLOCK_BYTES);
        List<Integer> missing = new ArrayList<>(0);
        int descriptor = content.isOwn() ? OwnFiles.open(content.path, content.size) : -1;
        if (descriptor < 0) content.isNotOwn();
        for (int block = first; block <= last; block++) {
            ContentHash hash = content.hash(block);
            if (content.isOwn() && OwnFiles.read(descriptor, block, hash, content.room(data, first, block))) continue;
            content.isNotOwn();
            if (!store.read(hash, content.room(data, first, block))) missing.add(block);
        }
        if (descriptor >= 0) Close.close(descriptor);
        Gathered gathered = new Gathered(reading, content, data.writerIndex(0), first, end);
        if (missing.isEmpty()) gathered.reply();
        else if (!content.isKept()) gathered.giveUp();
        else fetch(gathered, missing);
    }

    /// The blocks of one read. Its buffer is released with the answer.
    private final class Gathered {
        final Reading reading;
        final KnownContent content;
        final ByteBuf data;
        final int first;
        final long end;
        private int awaited;
        private boolean wrong;

        Gathered(Reading reading, KnownContent content, ByteBuf data, int first, long end) {
            this.reading = reading;
            this.content = content;
            this.data = data;
            this.first = first;
            this.end = end;
        }

        /// Unless the file has changed meanwhile.
        void reply() {
            if (reading.node.hashed() != content) {
                giveUp();
                return;
            }
            if (readings.remove(reading.id()) == null) {
                data.release();
                return;
            }
            int skipped = (int) (reading.read.offset() % ContentHash.BLOCK_BYTES);
            int length = (int) (end - reading.read.offset());
            orElse(
                    () -> replies.replyData(reading.unique, data.setIndex(skipped, skipped + length)),
                    reading.otherwise);
            data.release();
        }

        void giveUp() {
            data.release();
            HashedReads.this.giveUp(reading);
        }

        synchronized void await(int blocks) {
            awaited = blocks;
        }

        /// Home has sent one block, or nothing.
        void arrived(int block, ByteBuf sent) {
            boolean right = sent.readableBytes() == content.length(block);
            if (right) sent.getBytes(sent.readerIndex(), content.room(data, first, block));
            synchronized (this) {
                wrong |= !right;
                if (--awaited > 0) return;
            }
            if (wrong) giveUp();
            else reply();
        }
    }

    /// Has home send whole blocks, for this read and those of other times and guests.
    private void fetch(Gathered gathered, List<Integer> missing) {
        KnownContent content = gathered.content;
        gathered.await(missing.size());
        for (int block : missing) {
            if (!content.awaits(block, sent -> gathered.arrived(block, sent))) continue;
            Runnable nothing = () -> content.arrived(block, Unpooled.EMPTY_BUFFER);
            if (hasArrived(content, block)) continue;
            withHandle(gathered.reading, nothing, handle -> orElse(() -> fetch(content, block, handle), nothing));
        }
    }

    /// It may have come for another reader since it was looked for, which nobody waits for any more: it is kept before
    /// those who wait are given it.
    private boolean hasArrived(KnownContent content, int block) {
        ContentHash hash = content.hash(block);
        if (!store.has(hash)) return false;
        ByteBuf kept = ByteBufAllocator.DEFAULT.directBuffer(ContentHash.BLOCK_BYTES);
        try {
            if (!store.read(hash, kept.nioBuffer(0, content.length(block)))) return false;
            content.arrived(block, kept.writerIndex(content.length(block)));
            return true;
        } finally {
            kept.release();
        }
    }

    private void fetch(KnownContent content, int block, long handle) {
        long offset = (long) block * ContentHash.BLOCK_BYTES;
        conversation.ask(new FileOperation.Read(handle, offset, ContentHash.BLOCK_BYTES), Caller.NOBODY, reply -> {
            ByteBuf sent = dataOf(reply).retain();
            execute(() -> arrived(content, block, sent), () -> content.arrived(block, Unpooled.EMPTY_BUFFER));
        });
    }

    private void arrived(KnownContent content, int block, ByteBuf sent) {
        try {
            counters.bytesRead.add(sent.readableBytes());
            ContentHash hash = content.hash(block);
            boolean right = sent.readableBytes() == content.length(block)
                    && ContentHash.of(sent.nioBuffer()).equals(hash);
            if (right) store.put(hash, sent.nioBuffer());
            content.arrived(block, right ? sent : Unpooled.EMPTY_BUFFER);
        } finally {
            sent.release();
        }
    }

    private static ByteBuf dataOf(FileReply reply) {
        return reply instanceof FileReply.Done(long _, FileResult.Data(ByteBuf data)) ? data : Unpooled.EMPTY_BUFFER;
    }

    /// Asks for a block's hash and those behind it, then tries again.
    private void ask(Reading reading, KnownContent content, int block) {
        int first = block - block % ContentHash.MAX_AT_ONCE;
        withHandle(
                reading,
                () -> giveUp(reading),
                handle -> orElse(() -> ask(reading, content, block, first, handle), () -> giveUp(reading)));
    }

    private void ask(Reading reading, KnownContent content, int block, int first, long handle) {
        long generation = grants.generation();
        conversation.ask(new FileOperation.HashBlocks(handle, first, ContentHash.MAX_AT_ONCE), Caller.NOBODY, reply -> {
            List<ContentHash> hashes = reply instanceof FileReply.Done(long _, FileResult.Hashes(var told))
                            && generation == grants.generation()
                    ? told
                    : List.of();
            if (first + hashes.size() <= block) {
                threads.execute(() -> giveUp(reading));
                return;
            }
            content.learned(first, hashes);
            execute(() -> answer(reading, content), () -> giveUp(reading));
        });
    }

    private void withHandle(Reading reading, Runnable otherwise, LongConsumer then) {
        long handle = reading.read.handle();
        if (LocalOpens.isLocal(handle))
            locals.withHomes(reading.node.id, handle, 0, (known, errno) -> {
                if (errno == 0) then.accept(known);
                else threads.execute(otherwise);
            });
        else then.accept(handle);
    }

    /// Reads that are not answered yet.
    int underWay() {
        return readings.size();
    }

    /// What waits is not answered: the kernel asks the next daemon.
    @Override
    public void close() {
        threads.shutdown(); // an interrupt would close the store's files
        threads.getQueue().clear();
    }
}
