// Package peer is how the replicas of Tanist hear of each other. Before a replica calls a node lost, it asks the others whether they have
// heard the node (Peers asks, AddServer answers). A replica that hears no other says through the API that it lives (Beacon). And each
// checks that the API server answers it (LiveChecker), on Connections that a lost API server does not take with it.
//
// Package observe/watch calls all of it, on every replica. This package decides nothing: it returns what was heard.
package peer
