package drover.linux.syscall;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Map;

/// execve(2): becomes another program; pid, descriptors 0 to 2 and terminal stay.
@SuppressWarnings("restricted") // this module is the one that may
public final class Execve {
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final MethodHandle EXECVE = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("execve"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, POINTER, POINTER, POINTER),
                    Linker.Option.captureCallState("errno"));

    private Execve() {}

    /// Returns only if it failed, with the errno. No shutdown hook runs when it succeeds.
    public static int execve(String path, List<String> arguments, Map<String, String> environment) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            List<String> variables = environment.entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .toList();
            int result = (int) EXECVE.invokeExact(
                    state, arena.allocateFrom(path), vector(arena, arguments), vector(arena, variables));
            return result == 0 ? 0 : (int) ERRNO.get(state, 0L);
        } catch (Throwable e) {
            throw new AssertionError("execve cannot throw", e);
        }
    }

    private static MemorySegment vector(Arena arena, List<String> strings) {
        MemorySegment vector = arena.allocate(POINTER, strings.size() + 1L);
        for (int i = 0; i < strings.size(); i++) vector.setAtIndex(POINTER, i, arena.allocateFrom(strings.get(i)));
        vector.setAtIndex(POINTER, strings.size(), MemorySegment.NULL);
        return vector;
    }
}
