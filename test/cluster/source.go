package main

import "embed"

// source is this module as far as the components need it: their pinned versions and our two small programs. The built command
// carries it, so that it builds the same components from whichever folder it is called.
//
//go:embed go.mod go.sum cmd
var source embed.FS
