/// Pure decisions: no clock, no random source, no file.
module drover.policy {
    requires transitive drover.model;

    exports drover.policy.balancing;
    exports drover.policy.handoff;
    exports drover.policy.load;
    exports drover.policy.placement;
}
