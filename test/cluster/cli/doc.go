// Package cli is the command line: what a user says, and what is said back.
package cli
