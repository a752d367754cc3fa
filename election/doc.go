// Package election decides who may lead a Service and who follows.
//
// It is pure: plain structs go in, a Decision comes out. The reconciler calls it when something has changed and when admission sees
// a departure, so both always agree. A replica that may act only on losses sets Rules.LossesOnly: then nothing moves a leader that
// stands. Reason.Loss distinguishes losses from voluntary moves.
//
// Explain tells people why each pod stands where it does. It uses the rules of Decide, and costs Decide nothing.
//
// The package never imports a Kubernetes client, reads a clock, logs or counts. Time is an argument, and Decision.RequeueAfter says when
// to decide again.
package election
