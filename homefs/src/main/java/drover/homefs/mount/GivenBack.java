package drover.homefs.mount;

import drover.protocol.file.Caller;
import drover.protocol.file.FileOperation;

/// Gives back to home what the kernel does not want any more. Any thread.
final class GivenBack implements ReplyTranslator.Undo {
    private final KnownNodes nodes;
    private final OpenHandles handles;
    private final Conversation conversation;
    private final Forgotten forgotten;

    GivenBack(KnownNodes nodes, OpenHandles handles, Conversation conversation, Forgotten forgotten) {
        this.nodes = nodes;
        this.handles = handles;
        this.conversation = conversation;
        this.forgotten = forgotten;
    }

    @Override
    public void forget(long node, long lookups) {
        nodes.forgotten(node, lookups);
        forgotten.add(node, lookups);
    }

    /// What was asked for before the kernel did, and is not wanted any more.
    void neverUsed(long node) {
        forgotten.add(node, 1);
    }

    /// Home is another one than before, which is told what the kernel knows now.
    void homeIsAnother() {
        forgotten.clear();
    }

    /// At the end, so that home does not keep for good what only this daemon knew.
    void giveBackAll(Ahead ahead) {
        ahead.dropAll();
        forgotten.tellAll();
    }

    @Override
    public void release(long handle) {
        conversation.ask(new FileOperation.Release(handle, false, 0), Caller.NOBODY, reply -> {});
        handles.released(handle);
    }
}
