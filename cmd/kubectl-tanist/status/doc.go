// Package status describes a Service with a leader: who leads, who would follow, since when and why, and what needs the user's
// attention. It is a pure function from objects to a Leader. A Leader is also the stable form in which `kubectl tanist get -o json`
// prints it.
//
// It reads who leads from the EndpointSlices, as kube-proxy does. It never talks to the API, and decides nothing that Tanist decides:
// the successor is the one that Tanist has published.
package status
