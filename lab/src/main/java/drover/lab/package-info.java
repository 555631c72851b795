/// Lab commands.
package drover.lab;
