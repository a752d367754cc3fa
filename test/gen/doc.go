// package gen has small builders of API objects for unit tests: Services, leader Services and their slices, pods, nodes, owners of pods,
// a tuning, and a controller's work queue. Objects are as the API server returns them; each builder takes changes.
package gen
