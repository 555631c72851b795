package drover.daemon.membership.wire;

/// What a frame on a link is: the group's own protocols, or a word that needs none of them. Words are what nodes say
/// all the time; each is one frame, sent once, and a newer one replaces it.
enum Word {
    /// A message of the group's protocols.
    GROUP(0),
    /// The sender lives. Said unasked, and as the answer to `ASK`.
    ALIVE(1),
    /// Does the receiver live?
    ASK(2),
    /// A topic and a message of [drover.daemon.membership.Membership#sendOnce].
    FACT(3);

    private static final Word[] ALL = values();

    private final byte code;

    Word(int code) {
        this.code = (byte) code;
    }

    byte code() {
        return code;
    }

    /// @throws IllegalArgumentException if there is none
    static Word of(byte code) {
        if (code < 0 || code >= ALL.length) throw new IllegalArgumentException("a frame of unknown kind " + code);
        return ALL[code];
    }
}
