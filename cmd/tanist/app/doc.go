// Package app wires the program together: flags, manager, controllers, health. Only the command and the integration tests use it,
// so that what is tested is what runs. It decides nothing.
package app
