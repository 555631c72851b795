package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.model.GuestKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The fence of each guest: how many calls it has under way, whether it changed anything, how many files it
/// holds open, and whether it is over. After [#end] has returned, no call of that guest changes anything.
final class Guests {
    /// Guests whose end is remembered, so that a late call is refused even if the authority still says yes.
    private static final int ENDED_REMEMBERED = 16_384;

    private final EffectListener effects;
    private final int maxHandles;
    private final int maxHandlesPerGuest;
    private final Map<GuestKey, State> states = new ConcurrentHashMap<>();
    private final Map<GuestKey, Boolean> ended = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<GuestKey, Boolean> eldest) {
            return size() > ENDED_REMEMBERED;
        }
    };
    private int handles;

    private static final class State {
        int active;
        int handles;
        boolean ended;
        boolean effect;
    }

    Guests(EffectListener effects, int maxHandles, int maxHandlesPerGuest) {
        this.effects = effects;
        this.maxHandles = maxHandles;
        this.maxHandlesPerGuest = maxHandlesPerGuest;
    }

    /// A call begins. Each is followed by one [#leave].
    void enter(GuestKey guest) throws CallFailed {
        State state = states.get(guest);
        if (state == null) {
            synchronized (ended) {
                if (ended.containsKey(guest)) throw new CallFailed(Errno.ESTALE);
                state = states.computeIfAbsent(guest, key -> new State());
            }
        }
        synchronized (state) {
            if (state.ended) throw new CallFailed(Errno.ESTALE);
            state.active++;
        }
    }

    void leave(GuestKey guest) {
        State state = states.get(guest);
        if (state == null) return;
        synchronized (state) {
            if (--state.active == 0 && state.ended) state.notifyAll();
        }
    }

    /// The call under way is about to change something.
    void effect(GuestKey guest) {
        State state = states.get(guest);
        if (state == null) return;
        synchronized (state) {
            if (state.effect) return;
            effects.onEffect(guest);
            state.effect = true;
        }
    }

    void opening(GuestKey guest) throws CallFailed {
        synchronized (this) {
            if (handles >= maxHandles) throw new CallFailed(Errno.ENFILE);
            State state = states.get(guest);
            if (state == null) throw new CallFailed(Errno.ESTALE);
            if (state.handles >= maxHandlesPerGuest) throw new CallFailed(Errno.EMFILE);
            handles++;
            state.handles++;
        }
    }

    synchronized void closed(GuestKey guest) {
        handles--;
        State state = states.get(guest);
        if (state != null) state.handles--;
    }

    /// Refuses further calls and waits until those under way are done: they are native calls on home's own
    /// files.
    void end(GuestKey guest) {
        synchronized (ended) {
            ended.put(guest, Boolean.TRUE);
        }
        State state = states.get(guest);
        if (state == null) return;
        boolean interrupted = false;
        synchronized (state) {
            state.ended = true;
            while (state.active > 0) {
                try {
                    state.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /// All of the guest's handles are closed.
    void remove(GuestKey guest) {
        states.remove(guest);
    }
}
