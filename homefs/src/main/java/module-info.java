/// The file view of a home node, served at home and mounted where its guests run.
module drover.homefs {
    requires transitive drover.model;
    requires transitive drover.protocol;
    requires drover.linux;
    requires org.slf4j;

    exports drover.homefs.cache;
    exports drover.homefs.server;
    exports drover.homefs.mount;
}
