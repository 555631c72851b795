/// One class per command of `drover lab`, and `drover demo`.
package drover.lab.command;
