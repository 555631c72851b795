package drover.model;

import java.util.regex.Pattern;

/// A node's name: unique in its cluster, the common name of its certificate, and a valid host name label.
public record NodeId(String name) implements Comparable<NodeId> {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    public NodeId {
        if (!NAME.matcher(name).matches())
            throw new IllegalArgumentException(
                    "a node's name is 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit, got '"
                            + name + "'");
    }

    @Override
    public int compareTo(NodeId other) {
        return name.compareTo(other.name);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NodeId that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
