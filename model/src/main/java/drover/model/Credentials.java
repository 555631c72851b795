package drover.model;

import java.util.List;

/// Whose rights a guest has. The ids are home's: they mean what home's user table says.
public record Credentials(int uid, int gid, List<Integer> groups) {
    /// The kernel's own limit on supplementary groups.
    public static final int GROUPS_MAX = 65_536;

    public Credentials {
        groups = List.copyOf(groups);
        if (groups.size() > GROUPS_MAX)
            throw new IllegalArgumentException("at most " + GROUPS_MAX + " groups, got " + groups.size());
    }

    public boolean isRoot() {
        return uid == 0;
    }
}
