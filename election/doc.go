// Package election decides who may lead a Service and who follows.
//
// It is pure: plain structs go in, a Decision comes out. The reconciler calls it when something changed and when a departure is
// admitted, so both always agree. A replica that may only act upon losses says so in Rules.LossesOnly; then nothing moves a leader
// that stands. Reason.Loss tells losses from voluntary moves. The package never imports a Kubernetes client, reads a clock, logs or
// counts: time is an argument, and when to decide again is in Decision.LookAgain.
package election
