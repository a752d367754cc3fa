package leaderslice

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// moveOfTerm returns a move from a1 to b2, as long as most are.
func moveOfTerm(term int64) Move {
	return Move{
		At: gen.T0.Add(time.Duration(term) * time.Second), From: "web-7d4b9c8f5-x2x4t", To: "web-7d4b9c8f5-abcde", Term: term,
		Reason: "LeaderDeleted", By: "alice", Took: "2.3ms",
	}
}

// historyOf returns a slice with the history of these moves.
func historyOf(moves ...Move) *discoveryv1.EndpointSlice {
	var current *discoveryv1.EndpointSlice
	for _, move := range moves {
		next := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}}
		RecordMove(next, current, move)
		current = next
	}
	return current
}

func TestHistoryReadBack(t *testing.T) {
	nobody := Move{At: gen.T0, From: "a1", Term: 5, Reason: "NoCandidate"}
	quick := Move{At: gen.T0, To: "a1", Term: 5, Reason: "FirstLeader", Took: "0s"}
	for name, moves := range map[string][]Move{
		"one move": {moveOfTerm(5)}, "several moves": {moveOfTerm(5), moveOfTerm(6), moveOfTerm(7)},
		"a move to nobody": {nobody}, "a move that took no time": {quick},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseHistory(historyOf(moves...).Annotations)
			if diff := cmp.Diff(moves, got); diff != "" || !ok {
				t.Errorf("moves change when they are written and read (ok %t, -want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestHistoryAnnotationIsCompactJSON(t *testing.T) {
	want := `[{"at":"2026-03-01T12:00:05Z","from":"web-7d4b9c8f5-x2x4t","to":"web-7d4b9c8f5-abcde","term":5,"reason":"LeaderDeleted","by":"alice","took":"2.3ms"}]`
	if diff := cmp.Diff(want, historyOf(moveOfTerm(5)).Annotations[config.HistoryKey]); diff != "" {
		t.Errorf("unexpected annotation (-want +got):\n%s", diff)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	change := func(change func(*Move)) (moves []Move) {
		for term := range int64(12) {
			move := moveOfTerm(term + 1)
			change(&move)
			moves = append(moves, move)
		}
		return moves
	}
	for name, test := range map[string]struct {
		moves []Move
		want  []int64
	}{
		"usual names":              {change(func(*Move) {}), []int64{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
		"the longest names":        {change(func(m *Move) { m.From, m.To = strings.Repeat("a", 253), strings.Repeat("b", 253) }), []int64{10, 11, 12}},
		"a leader that is no name": {change(func(m *Move) { m.From = strings.Repeat("a", 100_000) }), []int64{8, 9, 10, 11, 12}},
		"a user of any length":     {change(func(m *Move) { m.By = strings.Repeat("ä", 100_000) }), []int64{6, 7, 8, 9, 10, 11, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			slice := historyOf(test.moves...)
			moves, ok := ParseHistory(slice.Annotations)
			var got []int64
			for _, move := range moves {
				got = append(got, move.Term)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || !ok {
				t.Errorf("unexpected terms (ok %t, -want +got):\n%s", ok, diff)
			}
			if size := len(slice.Annotations[config.HistoryKey]); size > maxHistoryBytes {
				t.Errorf("the annotation has %d bytes, want at most %d", size, maxHistoryBytes)
			}
		})
	}
}

func TestADamagedHistoryIsReplacedByTheNextMove(t *testing.T) {
	const good = `{"at":"2026-03-01T12:00:00Z","term":5,"reason":"Rollout"}`
	for name, text := range map[string]string{
		"no value": "", "no JSON": "a1, b2", "another value": `{"at":"2026-03-01T12:00:00Z"}`, "a part": `[` + good + `,{"at"`,
		"no time": `[{"term":5,"reason":"Rollout"}]`, "no term": `[{"at":"2026-03-01T12:00:00Z","reason":"Rollout"}]`,
		"no reason": `[{"at":"2026-03-01T12:00:00Z","term":5}]`, "null": `[null]`, "a negative term": `[{"at":"2026-03-01T12:00:00Z","term":-5,"reason":"x"}]`,
		"a negative duration": `[{"at":"2026-03-01T12:00:00Z","term":5,"reason":"x","took":"-1s"}]`,
		"no duration":         `[{"at":"2026-03-01T12:00:00Z","term":5,"reason":"x","took":"long"}]`,
		"too many moves":      "[" + strings.Repeat(good+",", maxMoves) + good + "]",
		"too long":            "[" + good + strings.Repeat(" ", maxHistoryBytes) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			current := historyOf(moveOfTerm(5))
			current.Annotations[config.HistoryKey] = text
			if moves, ok := ParseHistory(current.Annotations); ok {
				t.Errorf("it is read as %+v", moves)
			}
			next := historyOf(moveOfTerm(6))
			RecordMove(next, current, moveOfTerm(6))
			if got, _ := ParseHistory(next.Annotations); !cmp.Equal(got, []Move{moveOfTerm(6)}) {
				t.Errorf("the next move makes it %+v", got)
			}
		})
	}
	if moves, ok := ParseHistory(nil); len(moves) > 0 || !ok {
		t.Errorf("no history is read as %+v, %t", moves, ok)
	}
	later := map[string]string{config.HistoryKey: `[{"at":"2026-03-01T12:00:00Z","term":5,"reason":"Rollout","zone":"z"}]`}
	if moves, ok := ParseHistory(later); len(moves) != 1 || !ok {
		t.Errorf("a field of a later version makes the history %+v, %t", moves, ok)
	}
}

func TestTheHistoryIsNoReasonForAWrite(t *testing.T) {
	content := Content{Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), State: stateOfTerm5, Pod: gen.ReadyPod("a1")}
	desired, damaged := content.RenderPrimary(discoveryv1.AddressTypeIPv4), content.RenderPrimary(discoveryv1.AddressTypeIPv4)
	RecordMove(desired, nil, moveOfTerm(5))
	damaged.Annotations[config.HistoryKey] = "damaged"
	without := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
	if !SameSlice(without, desired) || !SameSlice(damaged, desired) || !SameSlice(desired, without) {
		t.Error("slices that differ in their history only are not the same")
	}
	content.History = "as it is"
	if _, found := content.Render(discoveryv1.AddressTypeIPv6).Annotations[config.HistoryKey]; found {
		t.Error("the slice of the other family has a history")
	}
	if got := content.RenderPrimary(discoveryv1.AddressTypeIPv4).Annotations[config.HistoryKey]; got != "as it is" {
		t.Errorf("a write that moves nobody makes the history %q", got)
	}
}

// BenchmarkRecordMove measures what the history adds to a commit.
func BenchmarkRecordMove(b *testing.B) {
	var moves []Move
	for term := range int64(maxMoves) {
		moves = append(moves, moveOfTerm(term+1))
	}
	current, desired := historyOf(moves...), historyOf(moves[0])
	b.ReportAllocs()
	for b.Loop() {
		RecordMove(desired, current, moves[0])
	}
}
