// Package gen builds small API objects for unit tests: Services, leader Services and their slices, pods, nodes, workloads, a tuning, and a
// controller's work queue. Objects are as the API server returns them. Each builder accepts changes.
package gen
