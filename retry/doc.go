// Package retry retries API calls: policies as data, which errors are worth a retry, and one function, Do, that counts the attempts.
//
// The reconcilers wrap their API calls in it. Calls that a hand-over waits for have a policy of their own. The package depends on no
// other package of ours: the caller makes the Policy from the tuning in force. Do not wrap a read from a cache, which has nothing to
// wait for. A conflict is not retried, because it needs another decision and not the same write again. After the last attempt, the work
// queue takes over.
package retry
