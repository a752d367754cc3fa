// Package realnodes says whether this machine can have real nodes, and what it lacks. It is asked before anything is built, so it uses
// the standard library alone: it compiles in seconds and downloads nothing. It changes nothing on the machine.
package realnodes
