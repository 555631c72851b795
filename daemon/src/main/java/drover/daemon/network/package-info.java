/// The network of jobs that have their home's (`--net home`). On a guest's node, [GuestDevices] takes what
/// guests send and gives them what comes; at home, [HomeNetwork] forwards between them and home's network.
/// ADR 16.
package drover.daemon.network;
