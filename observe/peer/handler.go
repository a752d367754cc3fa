package peer

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"
)

// Source knows which nodes this replica watches.
type Source interface {
	// NodeAge returns the age of the oldest probe of the node that is unanswered and after which nothing of the node was heard; zero if
	// there is none. armed is whether silence would mean anything, because the node's answers have been regular. known is whether this
	// replica watches the node at all.
	NodeAge(name string) (age time.Duration, armed, known bool)
}

const (
	path = "/v1/heard"
	// param names a node in a question, and may be repeated.
	param = "node"
	// maxNodes and maxNameLength limit one question. No name of a Kubernetes object is longer.
	maxNodes      = 64
	maxNameLength = 253
)

// answer is what a replica answers.
type answer struct {
	// Nodes are those it was asked about and watches.
	Nodes map[string]heard `json:"nodes,omitempty"`
}

type heard struct {
	Armed bool `json:"armed"`
	// AgeMilliseconds is Source's age. Its type takes no negative number.
	AgeMilliseconds uint32 `json:"ageMilliseconds"`
}

// Handler answers what this replica has heard of nodes: GET /v1/heard?node=a&node=b, with up to 64 names. Nodes that it does not watch are
// omitted.
//
// It asks for no secret, and needs none: peers can only veto a verdict. A forged answer can delay a move to Kubernetes' own pace, and can
// never cause one. The names and ages of nodes that it tells are no secret within a cluster.
func Handler(source Source) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		names := r.URL.Query()[param]
		if err := check(r, names); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		nodes := make(map[string]heard, len(names))
		for _, name := range names {
			if age, armed, known := source.NodeAge(name); known {
				nodes[name] = heard{Armed: armed, AgeMilliseconds: uint32(min(max(age.Milliseconds(), 0), math.MaxUint32))}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{Nodes: nodes}) // it fails only if the peer no longer waits
	})
	return mux
}

func check(r *http.Request, names []string) error {
	if r.ContentLength != 0 {
		return fmt.Errorf("a question has no body")
	}
	if len(names) > maxNodes {
		return fmt.Errorf("%d nodes: at most %d may be asked about", len(names), maxNodes)
	}
	for _, name := range names {
		if name == "" || len(name) > maxNameLength {
			return fmt.Errorf("a name of %d bytes: want 1 to %d", len(name), maxNameLength)
		}
	}
	return nil
}
