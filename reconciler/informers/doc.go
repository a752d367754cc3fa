// Package informers watches namespaces one by one: it starts informers for a namespace that is to be watched, and stops them when it no longer
// is. So what a replica costs follows the namespaces that have opted in, and not the size of the cluster. For many namespaces, it watches the
// whole cluster instead.
//
// Package store tells it which namespaces and kinds to watch, and reads what it holds. The controllers get its events. A namespace's objects can be
// read once all of its informers are synced, and then come to the handlers; before, it is as if the namespace were empty. When a namespace is no
// longer watched, the handlers see its objects deleted.
//
// It decides nothing about Services, and never reads from the API server but by watching.
package informers
