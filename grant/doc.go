// Package grant decides when a pod may be told that it leads: the rules of docs/grants.md, checked as a model in test/grantmodel. A grant is a
// lease of the leadership. It is given after a live read of the slice that says who leads, and lasts for a fixed time from when the pod asked,
// so that no two pods hold one at a time, whatever is delayed, lost or stopped.
//
// Package grant/server calls it on every replica. It is pure: what was read, and when, goes in, and an answer comes out. It has no client,
// reads no clock, and is for one goroutine at a time.
package grant
