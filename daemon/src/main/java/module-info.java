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
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;
    requires javax.jmdns;

    opens drover.daemon to
            info.picocli;
    opens drover.daemon.security.command to
            info.picocli;
}
