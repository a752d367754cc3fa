// Package app wires the program together: flags, manager, controllers and health checks. Only the command and the integration tests use
// it, so the tests run what users run. It makes no decisions.
package app
