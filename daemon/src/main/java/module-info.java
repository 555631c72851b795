/// One node of the cluster.
module drover.daemon {
    requires drover.model;
    requires drover.policy;
    requires drover.protocol;
    requires drover.linux;
    requires drover.homefs;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires java.logging;
    requires java.naming;
    requires java.sql;
    requires org.jgroups;
    requires org.slf4j;
}
