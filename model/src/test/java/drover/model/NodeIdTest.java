package drover.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NodeIdTest {
    private static final String LONGEST = "a23456789-123456789-123456789-123456789-123456789-123456789-123";

    @ParameterizedTest
    @ValueSource(strings = {"n", "1", "n1", "a-b", "0--9", LONGEST})
    void theseAreNames(String name) {
        assertEquals(name, new NodeId(name).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-", "-a", "a-", "N1", "a.b", "a_b", "a b", "\u00e4", "a\n", LONGEST + "4", "a/b", "{", "`"})
    void theseAreNone(String name) {
        assertThrows(IllegalArgumentException.class, () -> new NodeId(name));
    }
}
