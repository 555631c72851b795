package drover.homefs.server;

import drover.protocol.file.Bytes;

/// What a call, or a program at home, has changed: the promises about it are taken back.
sealed interface Change {
    /// What a name leads to, or the file it leads to; with it its directory's times.
    record Name(Identity directory, Bytes name) implements Change {}

    /// A name that the node itself moved: its kernel goes on believing the new one as long as it believed the
    /// old.
    record Moved(Identity from, Bytes name, Identity to, Bytes newName) implements Change {}

    record Attributes(Identity file) implements Change {}

    /// A file's content, and its attributes.
    record Content(Identity file) implements Change {}

    /// A name came into being at home, perhaps another one of a file that is known by its first.
    record Made(Identity directory, Bytes name) implements Change {}

    /// Nothing at all, but a node was promised of too many names that there are none.
    record Absences(NodeView of) implements Change {}

    /// Nothing at all, but a daemon of a node does not know what the one before it was promised: of names that there
    /// are
    /// none of, and of all names of a file but one.
    record Unplaced(NodeView of) implements Change {}

    /// Nobody knows what.
    record Anything() implements Change {}
}
