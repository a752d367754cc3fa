// Package realnodes says whether this machine can have real nodes, and what it lacks. It is asked before anything is built, so it uses
// the standard library alone: it compiles in seconds and downloads nothing. It changes nothing on the machine.
//
// The command ask prints the answer for scripts/nodes.sh, and package cluster asks before it creates real nodes.
package realnodes
