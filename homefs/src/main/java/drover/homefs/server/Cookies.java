package drover.homefs.server;

import drover.linux.fanotify.EventGroup;
import drover.linux.fanotify.FileEvent;
import drover.linux.fanotify.FileKey;
import drover.linux.syscall.Close;
import drover.linux.syscall.Open;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes of our own, made to know how far the events of others have been read: a group's queue keeps the
/// order in which things happened. Thread rule: any thread.
final class Cookies {
    private static final Logger log = LoggerFactory.getLogger(Cookies.class);
    /// Names in turn, so that a late event of an earlier cookie is not taken for a later one's.
    private static final int NAMES = 16;

    private final Path directory;
    private final FileKey key;
    /// Those that the cookie under way is for.
    private List<Runnable> waiting = new ArrayList<>();
    /// Those that came after it was made.
    private List<Runnable> next = new ArrayList<>();
    private boolean underWay;
    private int number;
    private volatile byte[] expected = {};

    private Cookies(Path directory, FileKey key) {
        this.directory = directory;
        this.key = key;
    }

    /// Null if changes in that directory are not told.
    static Cookies in(Path directory, EventGroup group) {
        try {
            Files.createDirectories(directory);
            for (int i = 0; i < NAMES; i++) {
                Path file = directory.resolve(Integer.toString(i));
                if (Files.notExists(file)) Files.createFile(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make files in " + directory, e);
        }
        int descriptor = Open.openat(
                Open.AT_FDCWD,
                directory.toString().getBytes(StandardCharsets.UTF_8),
                Open.O_PATH | Open.O_DIRECTORY | Open.O_CLOEXEC,
                0);
        try {
            FileKey key = descriptor < 0 ? null : FileKey.ofDescriptor(descriptor);
            if (key == null || group.mark(descriptor, new byte[] {'.'}) < 0) {
                log.warn("changes in {} are not told: nodes will ask again and again", directory);
                return null;
            }
            return new Cookies(directory, key);
        } finally {
            if (descriptor >= 0) Close.close(descriptor);
        }
    }

    boolean isExpected(FileEvent.Changed event) {
        return event.directory().equals(key) && Arrays.equals(event.name(), expected);
    }

    /// Runs the task when all events of before this call have been read.
    void await(Runnable task) {
        synchronized (this) {
            if (underWay) {
                next.add(task);
                return;
            }
            underWay = true;
            waiting.add(task);
        }
        make();
    }

    private void make() {
        Path file;
        synchronized (this) {
            number = (number + 1) % NAMES;
            String name = Integer.toString(number);
            expected = name.getBytes(StandardCharsets.US_ASCII);
            file = directory.resolve(name);
        }
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            log.warn("cannot tell how far changes at home were read: {}", e.toString());
            arrived();
        }
    }

    /// The cookie's event was read, or all that is known was declared void.
    void arrived() {
        List<Runnable> run;
        boolean another;
        synchronized (this) {
            if (!underWay) return;
            run = waiting;
            waiting = next;
            next = new ArrayList<>();
            another = !waiting.isEmpty();
            underWay = another;
        }
        for (Runnable task : run) task.run();
        if (another) make();
    }
}
