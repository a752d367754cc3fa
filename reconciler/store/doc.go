// Package store has the informers: which objects Tanist watches, the indexes, and typed reads. What is kept of an object is decided by
// package trim. Package store also says which updates matter to a controller, what enqueues Services without a watch event, and how calls to the API server are retried.
//
// All controllers and admission read it. The objects that it returns are shared with the informers and must not be modified. It never
// writes to the API.
package store
