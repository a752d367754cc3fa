// Package watch watches the leaders' nodes and processes, on every replica, and tells failover when one is lost. It asks with the channels
// of package observe/probe, has the peers confirm through observe/peer, and decides by the rules of package observe.
//
// Every replica watches the nodes of all leaders, except its own. Of the replicas, one watches the process of each leader. Failover says
// what to watch (Set), is told when to look (Options.Changed), and asks for the verdict then: nothing here writes to a Service or slice.
package watch
