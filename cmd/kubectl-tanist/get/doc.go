// Package get is `kubectl tanist get`: it reads with its user's own rights what package status makes a Leader of, and prints it,
// once or whenever it changes. It works without Tanist running, writes nothing, and says so when something may not be read.
package get
