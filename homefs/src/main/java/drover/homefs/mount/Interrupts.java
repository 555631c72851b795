package drover.homefs.mount;

import drover.linux.syscall.Errno;
import drover.protocol.file.FileOperation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjIntConsumer;

/// Calls whose caller was interrupted. The kernel says so once, also when it only freezes the caller, so each
/// is looked after until it is done: a wait for a lock ends when a signal is really pending, any other call
/// only when home cannot be reached and the caller is being killed.
final class Interrupts {
    private static final long LOOK_MILLIS = 50;
    private static final long SIGKILL = 1L << 8;

    private final Conversation conversation;
    private final ScheduledExecutorService clock;
    private final ObjIntConsumer<PendingCall> fail;
    private final Set<Long> interrupted = ConcurrentHashMap.newKeySet();
    private boolean scheduled;

    Interrupts(Conversation conversation, ScheduledExecutorService clock, ObjIntConsumer<PendingCall> fail) {
        this.conversation = conversation;
        this.clock = clock;
        this.fail = fail;
    }

    /// Returns false if no such call is under way.
    boolean add(long callId) {
        PendingCall call = conversation.find(callId);
        if (call == null) return false;
        interrupted.add(callId);
        lookAll();
        return true;
    }

    private synchronized void lookAll() {
        scheduled = false;
        for (Long callId : List.copyOf(interrupted)) {
            PendingCall call = conversation.find(callId);
            if (call == null) interrupted.remove(callId);
            else look(call);
        }
        if (interrupted.isEmpty() || scheduled) return;
        scheduled = true;
        var _ = clock.schedule(this::lookAll, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look(PendingCall call) {
        long signals = pendingSignals(call.pid);
        boolean killed = (signals & SIGKILL) != 0;
        if (!conversation.isUp()) {
            if (!killed && !(call.waitsForLock() && signals != 0)) return;
            interrupted.remove(call.id);
            if (conversation.take(call.id) != null) fail.accept(call, Errno.EINTR);
        } else if (call.waitsForLock() && signals != 0) {
            // home answers the call itself, so that the lock is either taken or not
            conversation.tell(new FileOperation.Cancel(call.id));
        }
    }

    /// Signals that the thread or its process has to handle and does not block; all of them if the thread is
    /// gone.
    private static long pendingSignals(int pid) {
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/status"));
            long pending = 0;
            long blocked = 0;
            for (String line : lines) {
                if (line.startsWith("SigPnd:") || line.startsWith("ShdPnd:")) pending |= mask(line);
                else if (line.startsWith("SigBlk:")) blocked = mask(line);
            }
            return pending & (~blocked | SIGKILL);
        } catch (IOException e) {
            return -1;
        }
    }

    private static long mask(String line) {
        return Long.parseUnsignedLong(line.substring(7).strip(), 16);
    }
}
