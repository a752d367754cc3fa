// package store has the informers: which objects are watched, what of them is kept in memory, the indexes, and typed reads. It also says
// which updates matter to a controller, and how calls to the API server are tried again.
//
// All controllers and admission read it. What comes out of it is shared with the informers and must not be modified. It never writes
// to the API.
package store
