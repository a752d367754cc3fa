// Package commands finds the commands in the documentation, says how each of them is tried, and turns those that run into scripts.
//
// TestDocCommands (test/e2e) runs the scripts on a cluster with Tanist in it. A test in test/docs checks that every command is decided about:
// whoever adds one to a page says in the table how it is tried, or why it is not. Only reading commands need no entry, because they can do no harm.
//
// The package talks to no cluster. To split a block into commands it asks bash for the syntax, and runs nothing.
package commands
