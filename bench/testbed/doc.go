// Package testbed makes what a run measures: namespaces, workloads and single pods of bench's own, on the nodes that suit them, and removes
// them again. The run uses it. It never touches an object that it has not made.
package testbed
