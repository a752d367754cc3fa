package main

import "embed"

// source is what the components are built from: the versions that this module pins and our two small programs. The built command
// contains it, so that it builds the same components from whichever folder it is called.
//
//go:embed go.mod go.sum cmd
var source embed.FS

// olderSources are the modules of the older versions of Kubernetes. They are apart from source, so that a change to them does not have all
// components built again.
//
//go:embed kubernetes
var olderSources embed.FS
