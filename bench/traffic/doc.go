// Package traffic sends requests to a leader Service and counts what becomes of them. Its parts are the client, which runs in a pod or in
// bench's own process and emits a Window about once a second; the Meter, which collects the windows of one client; and the server that
// bench's own pods run.
//
// The client sends at a constant rate and waits for no answer, and its latencies begin when a request was due. So every request counts that
// users would have sent while nobody answered.
//
// The client's clock is never compared with another: a Meter uses only the order in which windows arrive.
package traffic
