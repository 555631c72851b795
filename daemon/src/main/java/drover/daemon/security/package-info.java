/// Who belongs to the cluster: its authority, the tokens with which machines join, the certificates they get, their
/// renewal and revocation. What each of these is worth to whom is in docs/trust.md.
package drover.daemon.security;
