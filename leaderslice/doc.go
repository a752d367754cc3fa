// Package leaderslice is what a leader's EndpointSlice says. It renders, parses and compares slices, with their ports, address families and
// terms, and reports whether an object is Tanist's. The controllers, the leader cache and admission share it, so they cannot disagree.
//
// It never talks to the API, never decides who leads, and never modifies an object that it is given, except in SetTriggerTime and
// RecordMove.
package leaderslice
