// Package reconciler builds the controllers, connects them with each other, and answers what admission asks of them. The work is done by
// the packages below it:
//
//   - failover decides which pod leads and writes that into the EndpointSlices, on every replica;
//   - leaderservice keeps the leader Services, on the replica that holds the Lease;
//   - tuning puts the ConfigMap tanist-tuning in force, on every replica;
//   - disruption finds out which pods are about to be deleted;
//   - informers watches the namespaces that have opted in;
//   - store says what is watched, and reads it;
//   - notify sends the Events.
//
// The controllers do not know each other. They communicate through the API, through the leader cache, and through enqueuers that are
// created here. cmd/tanist calls Setup, and webhook uses the Admission that Setup returns. Nothing here decides who leads, and nothing
// writes.
package reconciler
