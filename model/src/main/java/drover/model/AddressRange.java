package drover.model;

/// A range of IPv4 addresses, written `198.18.0.0/15`. Addresses are numbers, most significant byte first.
public record AddressRange(int network, int prefixLength) {
    /// Room for the network, its gateway, one job and the broadcast address.
    private static final int PREFIX_LENGTH_MAX = 30;

    public AddressRange {
        if (prefixLength < 1 || prefixLength > PREFIX_LENGTH_MAX)
            throw new IllegalArgumentException(
                    "a range of addresses has a prefix of 1 to " + PREFIX_LENGTH_MAX + " bits, got " + prefixLength);
        if ((network & ~mask(prefixLength)) != 0)
            throw new IllegalArgumentException("the address of a range ends with zeros behind its prefix, got "
                    + text(network) + "/" + prefixLength);
    }

    /// Reads `198.18.0.0/15`.
    public static AddressRange parse(String text) {
        int slash = text.indexOf('/');
        try {
            if (slash > 0)
                return new AddressRange(
                        addressOf(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("a range of addresses is written as 198.18.0.0/15, got '" + text + "'");
    }

    private static int addressOf(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) throw new NumberFormatException(text);
        int address = 0;
        for (String part : parts) {
            int value = Integer.parseInt(part);
            if (value < 0 || value > 255) throw new NumberFormatException(text);
            address = address << 8 | value;
        }
        return address;
    }

    private static int mask(int prefixLength) {
        return -1 << (32 - prefixLength);
    }

    public int mask() {
        return mask(prefixLength);
    }

    public boolean contains(int address) {
        return (address & mask()) == network;
    }

    public boolean overlaps(AddressRange other) {
        return contains(other.network) || other.contains(network);
    }

    /// Home's own address in it.
    public int gateway() {
        return network + 1;
    }

    /// The address of home's job of that number. Two jobs have the same only if their numbers are as far
    /// apart as the range is large.
    public int ofJob(long number) {
        long room = (1L << (32 - prefixLength)) - 3; // not the network, the gateway, the broadcast address
        return network + 2 + (int) (number % room);
    }

    /// As [java.net.InetAddress] wants it.
    public static byte[] bytes(int address) {
        return new byte[] {
            (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address,
        };
    }

    public static String text(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }

    @Override
    public String toString() {
        return text(network) + "/" + prefixLength;
    }
}
