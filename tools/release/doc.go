// Command release makes all files of a release of Tanist in one folder, from the commit that is checked out: images, SBOMs, the chart,
// install.yaml, the plugin's archives with krew's manifest, and the checksums of them all. "make release" runs it.
//
// The same commit, built with the same Go, gives the same files, byte by byte: all times in them are the commit's, and no file names a folder
// of the machine. So anybody can check a release by making it again. It publishes nothing.
//
// It is a module of its own, so that the product's go.mod sees neither the library for images nor krew.
package main
