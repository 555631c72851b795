/// Classes that break the rules, one each, so that a test can see the rules fail.
package drover.architecture.impure;
