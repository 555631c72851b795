package drover.simulator.world;

import drover.model.LoadVector;

/// What a target says when it is asked whether it takes a guest.
public interface Admission {
    /// Whether the target has room, and the move still pays as things are there now.
    ///
    /// @param source the load of the node that asks
    boolean admits(SimNode target, LoadVector source);
}
