/// The words of the house. Depends on nothing, and everything depends on it.
module drover.model {
    exports drover.model;
}
