// Package observe notices losses that nobody announces: a node without power, a process that hangs, one that crashed. Kubernetes notices
// them too, after seconds to a minute. Here are the types that its users share, and the decisions, which are pure: what was heard and a
// clock in, verdicts out. Package observe/probe asks nodes and pods, observe/peer asks the other replicas, and observe/watch brings them
// together on every replica.
//
// A verdict is a reason to prefer another pod, never a reason to have none: failover acts on it only if a pod that was heard can follow.
package observe
