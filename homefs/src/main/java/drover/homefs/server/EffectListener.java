package drover.homefs.server;

import drover.model.GuestKey;

/// Told before a guest changes something for the first time. From then on a second run would not start from the
/// same files. The change waits until this returns.
public interface EffectListener {
    void onEffect(GuestKey guest);
}
