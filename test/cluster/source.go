package main

import "embed"

// source is what the components are built from: the versions that this module pins and our two small programs. The built command
// contains it, so that it builds the same components from whichever folder it is called.
//
//go:embed go.mod go.sum cmd
var source embed.FS
