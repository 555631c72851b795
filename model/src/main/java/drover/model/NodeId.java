package drover.model;

/// A node's name: unique in its cluster, the common name of its certificate, and a valid host name label.
public record NodeId(String name) implements Comparable<NodeId> {
    private static final int LIMIT = 63;

    public NodeId {
        if (!isName(name))
            throw new IllegalArgumentException(
                    "a node's name is 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit, got '"
                            + name + "'");
    }

    private static boolean isName(String name) {
        int length = name.length();
        if (length == 0 || length > LIMIT || name.charAt(0) == '-' || name.charAt(length - 1) == '-') return false;
        for (int i = 0; i < length; i++) if (!isInNames(name.charAt(i))) return false;
        return true;
    }

    private static boolean isInNames(char each) {
        return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-';
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
