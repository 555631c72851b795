package drover.homefs.mount;

import drover.linux.syscall.Close;
import drover.protocol.file.Caller;
import drover.protocol.file.ContentHash;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/// Answers reads of files that anybody may read, under a lease, with content that this node has itself: home
/// says what its blocks hash to, and what hashes to the same is the same. Most of them are programs and
/// libraries of a distribution that both run.
///
/// Thread rule: any thread. Files are read and hashed on threads of its own, since that takes longer than a
/// request of the kernel may hold up others.
final class SameContent implements AutoCloseable {
    private static final int THREADS = 2;

    private final KnownNodes nodes;
    private final Grants grants;
    private final LocalOpens locals;
    private final Conversation conversation;
    private final ReplyTranslator replies;
    private final MountCounters counters;
    private final ThreadPoolExecutor threads;

    SameContent(
            String name,
            KnownNodes nodes,
            Grants grants,
            LocalOpens locals,
            Conversation conversation,
            ReplyTranslator replies,
            MountCounters counters) {
        this.nodes = nodes;
        this.grants = grants;
        this.locals = locals;
        this.conversation = conversation;
        this.replies = replies;
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

    /// A read that the kernel waits for.
    ///
    /// @param otherwise what to do if it cannot be answered here after all
    private record Reading(long unique, KnownNode node, FileOperation.Read read, Runnable otherwise) {
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
        if (content == null || !content.mayBeHere() || read.offset() >= content.size) return false;
        Reading reading = new Reading(unique, node, read, otherwise);
        threads.execute(() -> answer(reading, content));
        return true;
    }

    private KnownContent known(KnownNode node) {
        KnownContent known = node.hashed();
        if (known != null || !node.isOpenToAll()) return known;
        KnownContent made = node.hashed(nodes.path(node));
        if (made != null && !OwnFiles.has(made.path, made.size)) made.isElsewhere();
        return made;
    }

    private void answer(Reading reading, KnownContent content) {
        long end = Math.min(content.size, reading.read.offset() + reading.read.length());
        int last = (int) ((end - 1) / ContentHash.BLOCK_BYTES);
        for (int block = reading.firstBlock(); block <= last; block++)
            if (content.hash(block) == null) {
                ask(reading, content, block);
                return;
            }
        ByteBuf data = copy(reading, content, last);
        if (data == null) {
            reading.otherwise.run();
            return;
        }
        counters.answeredHere.increment();
        counters.bytesSame.add(end - reading.read.offset());
        int skipped = (int) (reading.read.offset() % ContentHash.BLOCK_BYTES);
        replies.replyData(reading.unique, data.slice(skipped, (int) (end - reading.read.offset())));
        data.release();
    }

    /// The blocks that are read, or null if this node does not have them or may not believe that it does.
    private static ByteBuf copy(Reading reading, KnownContent content, int last) {
        int first = reading.firstBlock();
        int descriptor = OwnFiles.open(content.path, content.size);
        if (descriptor < 0) {
            content.isElsewhere();
            return null;
        }
        ByteBuf data = ByteBufAllocator.DEFAULT.directBuffer((last - first + 1) * ContentHash.BLOCK_BYTES);
        try {
            for (int block = first; block <= last; block++) {
                long left = content.size - (long) block * ContentHash.BLOCK_BYTES;
                int length = (int) Math.min(ContentHash.BLOCK_BYTES, left);
                ByteBuffer into = data.nioBuffer(data.writerIndex(), length);
                if (!OwnFiles.read(descriptor, block, content.hash(block), into)) {
                    content.isElsewhere();
                    return null;
                }
                data.writerIndex(data.writerIndex() + length);
            }
            return reading.node.hashed() == content ? data.retain() : null;
        } finally {
            data.release();
            Close.close(descriptor);
        }
    }

    /// Asks for a block's hash and those behind it, then tries again.
    private void ask(Reading reading, KnownContent content, int block) {
        int first = block - block % ContentHash.MAX_AT_ONCE;
        withHandle(reading, handle -> {
            long generation = grants.generation();
            conversation.ask(
                    new FileOperation.HashBlocks(handle, first, ContentHash.MAX_AT_ONCE), Caller.NOBODY, reply -> {
                        boolean told = reply instanceof FileReply.Done(long _, FileResult.Hashes(var hashes))
                                && first + hashes.size() > block
                                && generation == grants.generation();
                        if (told && reply instanceof FileReply.Done(long _, FileResult.Hashes(var hashes))) {
                            content.learned(first, hashes);
                            threads.execute(() -> answer(reading, content));
                        } else {
                            threads.execute(reading.otherwise);
                        }
                    });
        });
    }

    private void withHandle(Reading reading, LongConsumer then) {
        long handle = reading.read.handle();
        if (LocalOpens.isLocal(handle))
            locals.withHomes(reading.node.id, handle, 0, (known, errno) -> {
                if (errno == 0) then.accept(known);
                else threads.execute(reading.otherwise);
            });
        else then.accept(handle);
    }

    /// What waits is not answered: the kernel asks the next daemon.
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
