package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
)

func TestSuccessorOf(t *testing.T) {
	b := &election.Candidate{Name: "b2"}
	cases := map[string]struct {
		record cache.Record
		want   *string
	}{
		"before the first decision it is unknown": {record: cache.Record{State: led("a1", 5)}},
		"the one that was chosen": {
			record: cache.Record{State: led("a1", 5), Decided: true, Successor: b}, want: new("b2"),
		},
		"none was chosen": {record: cache.Record{State: led("a1", 5), Decided: true}, want: new("")},
		"after a decision about another leader it is unknown": {
			record: cache.Record{State: led("c3", 4), Decided: true, Successor: b},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, successorOf(test.record, led("a1", 5))); diff != "" {
				t.Errorf("unexpected successor (-want +got):\n%s", diff)
			}
		})
	}
}
