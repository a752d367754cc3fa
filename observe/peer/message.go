package peer

import "time"

const (
	// path is where a replica answers.
	path = "/v1/heard"
	// maxNodes is how many nodes one question may name, and maxNameLength how long each name may be.
	maxNodes      = 64
	maxNameLength = 253
)

// response is the answer of a replica. A node that it does not watch is missing.
type response struct {
	Nodes map[string]nodeResponse `json:"nodes,omitempty"`
}

// nodeResponse is what a replica has heard of a node.
type nodeResponse struct {
	// Armed says that the replica has heard the node well enough to miss it.
	Armed bool `json:"armed"`
	// AgeMilliseconds is the age of the oldest probe since the node was last heard.
	AgeMilliseconds int64 `json:"ageMilliseconds"`
}

func (r nodeResponse) age() time.Duration { return time.Duration(r.AgeMilliseconds) * time.Millisecond }
