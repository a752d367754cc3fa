// Package probe asks kubelets and pods whether they are alive, from another node. Here are the sockets alone: one question, one answer.
// Whom to ask, how often, and what silence means is for its caller, package observe/watch, to decide.
//
// A question must harm nobody, because it is asked often and by a stranger. So a pod is asked what its own readiness probe asks, a kubelet
// is asked for a path that it does not have, which it answers and does not log, and no connection is opened only to be closed where a
// server would log that. Nothing here authenticates, verifies or believes anything: an answer says that somebody is there and no more.
//
// The package never retries, never follows a redirect, and never reads more of an answer than it needs.
package probe
