// Package status says of a Service with a leader what there is to say: who leads, who follows, since when and why, and what its
// user must know. It is a pure function from objects to a Leader, and the stable form in which `kubectl tanist get -o json` prints
// it.
//
// Who leads is read from the EndpointSlices, which is what kube-proxy does. It never talks to the API, and decides nothing that
// Tanist decides: the successor is the one that Tanist has published.
package status
