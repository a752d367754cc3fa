// Package webhook is what the API server asks before it writes: the admission of Services, of the tuning, of namespaces and of pods.
//
// Five handlers, each a thin adapter over what the controllers and the command line use as well:
//
//   - departures has the successor of a leader chosen when its deletion or eviction is admitted, before it begins;
//   - services refuses annotations that cannot be what their user meant, with the field, the value and what would be right,
//     leader Services' names that are taken, and changes of leader Services that the controller would undo;
//   - namespaces warns a user who takes the opt-in away from a namespace, or misspells it;
//   - tuning refuses a ConfigMap that would not come into force;
//   - drainwindow gives new pods the preStop sleep that keeps them serving while traffic is moved away from them.
//
// It writes nothing to the API. What departures prepares is in the leader cache, and the failover controller of the same replica
// commits it. It reads only what the informers hold. And it never blocks a request by mistake: whatever fails here, a panic included,
// lets the request pass and is counted (guard.go). Only what a user wrote wrong is refused.
package webhook
