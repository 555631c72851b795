package drover.protocol.link;

import java.util.Arrays;
import java.util.Optional;

/// What a connection carries. Each class has its own TCP connection, so that file data delays no signal.
public enum LinkClass {
    /// Control of jobs and their session frames.
    JOBS(1, 4 << 20, false),
    /// Small file calls.
    FILES(2, (1 << 20) + (64 << 10), false),
    /// File data from 16 KiB.
    BULK(3, (1 << 20) + (64 << 10), true),
    /// Packets of guests in their home's network; only between nodes that have such.
    PACKETS(4, (64 << 10) + (1 << 10), false);

    private final int code;
    private final int frameLimitBytes;
    private final boolean compressible;

    LinkClass(int code, int frameLimitBytes, boolean compressible) {
        this.code = code;
        this.frameLimitBytes = frameLimitBytes;
        this.compressible = compressible;
    }

    /// What stands for it on the wire.
    int code() {
        return code;
    }

    static Optional<LinkClass> ofCode(int code) {
        return Arrays.stream(values())
                .filter(linkClass -> linkClass.code == code)
                .findFirst();
    }

    /// The longest frame accepted or sent. JOBS must hold an environment and argument vector (the kernel's own
    /// limit for both is of this size), FILES and BULK one file call with
    /// its data and room for a header, PACKETS the longest packet and what the kernel says of it.
    public int frameLimitBytes() {
        return frameLimitBytes;
    }

    /// Whether it is dialled only when somebody asks for it by name.
    public boolean isOnDemand() {
        return this == PACKETS;
    }

    /// Whether frames may be compressed: only where no small one waits behind them.
    boolean isCompressible() {
        return compressible;
    }
}
