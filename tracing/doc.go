// Package tracing makes OpenTelemetry spans of hand-overs: admission, watch, decide and commit. They show where the time of one hand-over goes,
// in the trace of the request that asked for it.
//
// Admission begins its span when a departure arrives, as a part of the API server's trace, and keeps the span's identity with what it prepares.
// All other spans are made after the commit, from times that were taken anyway. So nothing is between an event and its commit, and without a
// Tracer nothing is made or allocated.
//
// The webhooks and the failover controller call it. It decides nothing and sends nothing: the provider does. It depends on no other package of
// ours.
package tracing
