// Package lease reads what a Lease says about the leader of a Service that follows it (tanist.dev/follow-lease): pure functions from a Lease
// and the Service's pods to who leads, and to what a user has to be told.
//
// The failover controller and the kubectl plugin use it, so they agree. It never reads from the API, and no renewal changes what it says
// about who leads.
package lease
