// package leaderslice says what a leader's EndpointSlice says: it renders, parses and compares slices, their ports, address families and
// terms, and finds out whether an object is Tanist's. Controllers, leader cache and admission share it, so they cannot disagree.
//
// It never talks to the API, never decides who leads, and never modifies an object that it is given.
package leaderslice
