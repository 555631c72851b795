package drover.simulator.contenders;

import drover.simulator.world.Contender;

/// Who takes part in a comparison.
public enum Kind {
    ROUND_ROBIN("round robin", "the next node, whatever it is (PVM)"),
    GREEDY("greedy", "the least loaded, as gossip tells; no moves"),
    E_PVM("E-PVM", "least opportunity cost, as gossip tells; no moves"),
    MOSIX("MOSIX-like", "starts at home, moves by filtered loads"),
    DROVER_PLACED("drover, no moves", "Drover's placement alone"),
    DROVER("drover", "Drover's placement and balancing"),
    GREEDY_EXACT("greedy, all-seeing", "the least loaded, by the exact present of all nodes"),
    E_PVM_EXACT("E-PVM, all-seeing", "least opportunity cost, by the exact present of all nodes"),
    DROVER_ASKING("drover, asking", "asks the three best by gossip for their present before a job starts");

    private final String word;
    private final String description;

    Kind(String word, String description) {
        this.word = word;
        this.description = description;
    }

    public String word() {
        return word;
    }

    public String description() {
        return description;
    }

    /// Whether it knows what no node of a real cluster knows.
    public boolean isAllSeeing() {
        return this == GREEDY_EXACT || this == E_PVM_EXACT;
    }

    /// A new one, for one simulated cluster.
    public Contender make() {
        return switch (this) {
            case ROUND_ROBIN -> new RoundRobin();
            case GREEDY -> new Greedy(false);
            case E_PVM -> new EnhancedPvm(false);
            case MOSIX -> new MosixLike();
            case DROVER_PLACED -> new Drover(0, false);
            case DROVER -> new Drover(0, true);
            case GREEDY_EXACT -> new Greedy(true);
            case E_PVM_EXACT -> new EnhancedPvm(true);
            case DROVER_ASKING -> new Drover(3, true);
        };
    }
}
