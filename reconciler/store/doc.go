// Package store says which objects Tanist watches, and in which namespaces; it has the indexes and typed reads. Package informers runs the
// informers of the namespaces, and package trim decides what is kept of an object. Package store also says which updates matter to a
// controller, what enqueues Services without a watch event, and how calls to the API server are retried.
//
// All controllers and admission read it. The objects that it returns are shared with the informers and must not be modified. It never
// writes to the API.
package store
