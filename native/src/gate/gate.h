// Part of the keeper and of drover-criu-gate: what they say to each other, as datagrams on a SOCK_SEQPACKET socket. They are
// of one build.
#pragma once

/// How far CRIU has come when it waits.
enum gate {
    GATE_NONE = 0,
    GATE_DUMPED = 1,     // source: all is in the image, and the guest is held
    GATE_NAMESPACES = 2, // target: init is there, and has touched nothing of home yet
    GATE_RESTORED = 3,   // target: the guest is complete, and does not run
};

struct gate_message {
    unsigned move;
    enum gate step;
    int init; // its pid on the node
};
