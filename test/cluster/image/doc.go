// Package image makes a container image of one static binary: from scratch, with the binary as its only layer.
package image
