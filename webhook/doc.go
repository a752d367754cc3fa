// Package webhook answers the API server's admission requests for Services, the tuning's ConfigMap, namespaces and pods.
//
// It has five handlers. Each is a thin adapter over functions that the controllers and the command line use, too:
//
//   - departures prepares the hand-over when a leader's deletion or eviction is admitted, before it begins;
//   - services refuses wrong annotations, names of leader Services that are taken, and changes of leader Services that the controller
//     would undo; an error names the field, the value and what is accepted;
//   - namespaces warns a user who removes or misspells a namespace's opt-in;
//   - tuning refuses a ConfigMap tanist-tuning that Tanist would ignore because it is invalid;
//   - drainwindow adds the preStop sleep to new pods that keeps them serving while traffic moves away from them.
//
// It writes nothing to the API. departures keeps what it has prepared in the leader cache, and the failover controller of the same replica
// commits it. It reads only what the informers have. It refuses only what a user wrote wrong: if a handler fails or panics, the request is
// allowed and the failure is counted (guard.go).
package webhook
