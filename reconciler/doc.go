// package reconciler wires the controllers together and answers what admission asks of them. The work is done by packages below it:
//
//   - failover, on every replica, decides which pod leads and writes it into the EndpointSlices;
//   - leaderservice, on the replica that holds the Lease, keeps the leader Services;
//   - tuning, on every replica, puts the ConfigMap tanist-tuning in force;
//   - disruption knows which pods are about to go, store has the informers, notify the Events.
//
// The controllers do not know each other. What one has to tell another goes through the API, the leader cache or an enqueuer that is
// handed to both here. cmd/tanist calls Setup, webhook uses the Admission that it returns. Nothing here decides or writes.
package reconciler
