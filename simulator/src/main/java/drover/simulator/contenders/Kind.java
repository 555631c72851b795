package drover.simulator.contenders;

import drover.simulator.world.Contender;

/// Who takes part in a comparison.
public enum Kind {
    ROUND_ROBIN("round robin", "the next node, whatever it is (PVM)"),
    GREEDY("greedy", "the least loaded, by exact knowledge of the present"),
    E_PVM("E-PVM", "least opportunity cost, by exact knowledge; no moves"),
    MOSIX("MOSIX-like", "starts at home, moves by filtered loads"),
    DROVER_PLACED("drover, no moves", "Drover's placement alone"),
    DROVER("drover", "Drover's placement and balancing");

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

    /// A new one, for one simulated cluster.
    public Contender make() {
        return switch (this) {
            case ROUND_ROBIN -> new RoundRobin();
            case GREEDY -> new Greedy();
            case E_PVM -> new EnhancedPvm();
            case MOSIX -> new MosixLike();
            case DROVER_PLACED -> new Drover(false);
            case DROVER -> new Drover(true);
        };
    }
}
