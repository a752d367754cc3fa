// Package election decides who may lead a Service and who follows.
//
// It is pure: plain structs go in, a Decision comes out. The reconciler calls it when something changed and the webhook when a
// departure is admitted, so both always agree. It never imports a Kubernetes client, reads a clock, logs or counts: time is an
// argument, and whatever must happen later is said in Decision.LookAgain.
package election
