package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.linux.syscall.ThreadCredentials;
import drover.linux.syscall.Umask;
import drover.linux.syscall.Unshare;
import drover.model.Credentials;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whose rights and umask the current thread of the server has. They stay in force until another is assumed, so
/// that calls of one user in a row cost nothing. Only the server's own threads have one.
final class ActingThread {
    static final Credentials ROOT = new Credentials(0, 0, List.of());
    private static final Logger log = LoggerFactory.getLogger(ActingThread.class);
    private static final ThreadLocal<ActingThread> OWN = ThreadLocal.withInitial(ActingThread::new);

    private Credentials current = ROOT;
    private boolean known;
    private int umask = -1;
    private final boolean alone;

    private ActingThread() {
        int failed = Unshare.fileSystemAttributes();
        alone = failed == 0;
        if (!alone) log.error("cannot give a thread its own umask (errno {}): files cannot be created", -failed);
    }

    static ActingThread own() {
        return OWN.get();
    }

    Credentials current() {
        return current;
    }

    void assume(Credentials credentials) throws CallFailed {
        if (known && credentials.equals(current)) return;
        int failed = ThreadCredentials.assume(credentials);
        known = failed == 0;
        if (failed < 0) {
            log.error("cannot act as uid {} (errno {})", credentials.uid(), -failed);
            throw new CallFailed(Errno.EACCES);
        }
        current = credentials;
    }

    void assumeRoot() throws CallFailed {
        assume(ROOT);
    }

    void umask(int mask) throws CallFailed {
        if (!alone) throw new CallFailed(Errno.EIO);
        if (umask == mask) return;
        Umask.umask(mask & 0777);
        umask = mask;
    }
}
