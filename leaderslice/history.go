package leaderslice

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

const (
	// maxMoves is how many moves a slice keeps.
	maxMoves = 10
	// maxHistoryBytes limits the annotation. Every informer of EndpointSlices in the cluster keeps it, kube-proxy's on each node included.
	maxHistoryBytes = 2 << 10
	// maxName is the longest name of a pod, in bytes, and maxUser what is kept of a user's name.
	maxName = 253
	maxUser = 128
)

// Move is one change of leader in the history, which is for people only: no decision depends on it, and no write is made for it.
type Move struct {
	// At is when the leader changed, by the API server's clock.
	At time.Time `json:"at"`
	// From and To are the names of the old and the new leader; empty if nobody led, or nobody leads.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Term is the term that the move began.
	Term   int64  `json:"term"`
	Reason string `json:"reason"`
	// By is who asked for the move; empty if nobody did, or it is not known.
	By string `json:"by,omitempty"`
	// Took is the time from the loss or the request to the commit, such as "2.3ms"; empty if it is not known.
	Took string `json:"took,omitempty"`
}

// RecordMove adds a move to the history on the slice of the primary family that is to be written. It takes the previous moves from the
// current slice, which is nil if there is none. A history that cannot be parsed is replaced.
func RecordMove(desired, current *discoveryv1.EndpointSlice, move Move) {
	var moves []Move
	if current != nil {
		moves, _ = ParseHistory(current.Annotations)
	}
	move.From, move.To, move.By = cut(move.From, maxName), cut(move.To, maxName), cut(move.By, maxUser)
	desired.Annotations[config.HistoryKey] = historyAnnotation(append(moves, move))
}

// cut returns the beginning of a text, at most n bytes of it. A name that someone wrote into an annotation may be of any length.
func cut(text string, n int) string {
	return strings.ToValidUTF8(text[:min(n, len(text))], "")
}

// historyAnnotation returns the annotation that has the latest of the moves: at most maxMoves, and fewer if they are too long.
func historyAnnotation(moves []Move) string {
	encoded := make([]string, 0, maxMoves)
	size := len("[]")
	for i := len(moves) - 1; i >= 0 && len(encoded) < maxMoves; i-- {
		one, err := json.Marshal(&moves[i])
		if size += len(one) + len(","); err != nil || size > maxHistoryBytes {
			break
		}
		encoded = append(encoded, string(one))
	}
	slices.Reverse(encoded)
	return "[" + strings.Join(encoded, ",") + "]"
}

// ParseHistory returns the moves that the annotations have, the newest last. It returns false if any of them is damaged. Fields of other
// versions are ignored.
func ParseHistory(annotations map[string]string) (moves []Move, ok bool) {
	text, found := annotations[config.HistoryKey]
	if !found {
		return nil, true
	}
	if len(text) > maxHistoryBytes || json.Unmarshal([]byte(text), &moves) != nil || len(moves) > maxMoves {
		return nil, false
	}
	for i := range moves {
		move := &moves[i]
		move.At = move.At.UTC()
		if year := move.At.Year(); year < 1970 || year > 9999 || move.Term <= 0 || move.Reason == "" || !isDuration(move.Took) {
			return nil, false
		}
	}
	return moves, true
}

// isDuration reports whether a text is a duration, or empty.
func isDuration(text string) bool {
	took, err := time.ParseDuration(text)
	return text == "" || err == nil && took >= 0
}
