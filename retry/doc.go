// Package retry tries API calls again: policies as data, which errors are worth it, and one Do that counts what it did.
//
// The reconcilers wrap their API calls in it, those that a hand-over waits for with a policy of their own. It depends on nothing of
// ours: whoever calls makes the Policy from the tuning in force. It never retries a read from a cache, which has nothing to wait
// for, nor a conflict, which needs another decision and not the same write again. After the last attempt the work queue takes over.
package retry
