package drover.daemon.deputy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Names of home's users and groups, from /etc/passwd and /etc/group. Read afresh: they are small, and may change.
public final class UserTable {
    private static final Path PASSWD = Path.of("/etc/passwd");
    private static final Path GROUP = Path.of("/etc/group");

    private UserTable() {}

    /// The user's name, or the number where it has none.
    public static String userName(int uid) {
        return find(PASSWD, 2, Integer.toUnsignedString(uid), 0).orElse(Integer.toUnsignedString(uid));
    }

    public static Optional<Integer> groupId(String name) {
        return find(GROUP, 0, name, 2).map(Integer::parseInt);
    }

    private static Optional<String> find(Path file, int keyField, String key, int wantedField) {
        try (var lines = Files.lines(file)) {
            return lines.map(line -> line.split(":", -1))
                    .filter(fields -> fields.length > 3 && fields[keyField].equals(key))
                    .map(fields -> fields[wantedField])
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
