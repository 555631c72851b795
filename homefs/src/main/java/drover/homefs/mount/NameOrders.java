package drover.homefs.mount;

import drover.protocol.file.Bytes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The names of one directory in the orders in which programs go through them: as listed, by their bytes, and with
/// the numbers in them counted. Immutable.
final class NameOrders {
    static final int COUNT = 3;
    /// Bounds the memory for one directory; what comes behind is not foreseen.
    static final int MOST_NAMES = 16_384;

    private final Bytes[][] orders = new Bytes[COUNT][];
    private final Map<Bytes, int[]> places;

    NameOrders(List<Bytes> listed) {
        orders[0] = listed.stream().limit(MOST_NAMES).toArray(Bytes[]::new);
        orders[1] = orders[0].clone();
        Arrays.sort(orders[1]);
        orders[2] = orders[0].clone();
        Arrays.sort(orders[2], NameOrders::compareCounting);
        places = HashMap.newHashMap(orders[0].length);
        for (int order = 0; order < COUNT; order++)
            for (int place = 0; place < orders[order].length; place++)
                places.computeIfAbsent(orders[order][place], name -> new int[COUNT])[order] = place;
    }

    int size() {
        return orders[0].length;
    }

    /// Where a name is in each order; null if it is not among them.
    int[] places(Bytes name) {
        return places.get(name);
    }

    Bytes at(int order, int place) {
        return orders[order][place];
    }

    /// As [Comparator#compare], with f9 before f10.
    static int compareCounting(Bytes one, Bytes other) {
        byte[] a = one.array();
        byte[] b = other.array();
        int i = 0;
        int j = 0;
        while (i < a.length && j < b.length) {
            if (isDigit(a[i]) && isDigit(b[j])) {
                int from = afterZeros(a, i);
                int otherFrom = afterZeros(b, j);
                i = afterDigits(a, from);
                j = afterDigits(b, otherFrom);
                int longer = Integer.compare(i - from, j - otherFrom);
                if (longer != 0) return longer;
                int larger = Arrays.compare(a, from, i, b, otherFrom, j);
                if (larger != 0) return larger;
            } else {
                int larger = Byte.compareUnsigned(a[i++], b[j++]);
                if (larger != 0) return larger;
            }
        }
        int longer = Integer.compare(a.length - i, b.length - j);
        return longer != 0 ? longer : one.compareTo(other);
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static int afterZeros(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && bytes[at] == '0') at++;
        return at;
    }

    private static int afterDigits(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && isDigit(bytes[at])) at++;
        return at;
    }
}
