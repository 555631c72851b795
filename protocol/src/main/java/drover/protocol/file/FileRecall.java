package drover.protocol.file;

import java.util.List;

/// Home takes back what it promised a node. The node makes its kernel ask again, then says [FileOperation.Recalled]:
/// only then is the change acknowledged to whoever made it.
///
/// @param number of this recall, counted for each node
public record FileRecall(long number, List<Item> items) {
    public FileRecall {
        items = List.copyOf(items);
    }

    /// One promise, or news that go with them.
    public sealed interface Item {
        /// What a name leads to, and the attributes and content of the file it led to.
        ///
        /// @param node the file; 0 if the name led to none
        record Name(long directory, Bytes name, long node) implements Item {}

        record Attributes(long node) implements Item {}

        /// A file's content, and its attributes.
        record Content(long node) implements Item {}

        /// All that the node believes: home has lost count, or is new.
        record Everything() implements Item {}

        /// No promise, but in order with them: how many inodes the node may know from now on. It gives back what
        /// it knows beyond that, as far as nobody uses it.
        record AtMost(long nodes) implements Item {}
    }
}
