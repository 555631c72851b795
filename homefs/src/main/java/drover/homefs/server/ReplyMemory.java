package drover.homefs.server;

import drover.protocol.file.FileReply;
import java.util.LinkedHashMap;
import java.util.Map;

/// What home answered to a node's latest calls that changed something. A call that comes again, because the
/// link broke before its reply arrived, is answered from here and not performed twice.
final class ReplyMemory {
    private static final class Remembered {
        ReplySender sender;
        FileReply reply;
    }

    private final Map<Long, Remembered> calls;

    ReplyMemory(int limit) {
        calls = new LinkedHashMap<>(64) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Remembered> eldest) {
                return size() > limit && eldest.getValue().reply != null;
            }
        };
    }

    /// What to do with a call.
    sealed interface Verdict {
        record Perform() implements Verdict {}

        /// It is being performed: the reply will go to the newer sender.
        record Wait() implements Verdict {}

        record Repeat(FileReply reply) implements Verdict {}
    }

    synchronized Verdict begin(long id, ReplySender sender) {
        Remembered remembered = calls.get(id);
        if (remembered == null) {
            remembered = new Remembered();
            remembered.sender = sender;
            calls.put(id, remembered);
            return new Verdict.Perform();
        }
        if (remembered.reply != null) return new Verdict.Repeat(remembered.reply);
        remembered.sender = sender;
        return new Verdict.Wait();
    }

    /// The sender that waits for the reply now.
    synchronized ReplySender finish(long id, FileReply reply, ReplySender otherwise) {
        Remembered remembered = calls.get(id);
        if (remembered == null) return otherwise;
        remembered.reply = reply;
        return remembered.sender;
    }

    synchronized void clear() {
        calls.clear();
    }
}
