package grantnodes

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at returns the record of a look that took a tenth of a millisecond.
func at(milliseconds int, term int64, pod string) Record {
	from := time.Duration(milliseconds) * time.Millisecond
	return Record{From: from, To: from + 100*time.Microsecond, Term: term, Pod: pod}
}

func TestProblems(t *testing.T) {
	cases := map[string]struct {
		records []Record
		want    []string
	}{
		"nothing":              {},
		"one after another":    {records: []Record{at(0, 1, "a"), at(10, 1, "a"), at(20, 2, "b"), at(30, 3, "a")}},
		"in any order":         {records: []Record{at(30, 3, "a"), at(0, 1, "a"), at(20, 2, "b"), at(10, 1, "a")}},
		"looks that may be at": {records: []Record{at(0, 1, "a"), {From: 0, To: time.Second, Term: 2, Pod: "b"}}},
		"two at a time": {
			records: []Record{at(0, 1, "a"), at(20, 2, "b"), at(30, 1, "a")},
			want:    []string{"b had a grant for term 2, and a one for term 1 at least 9.9ms later"},
		},
		"the same pod, too, must not go back": {
			records: []Record{at(20, 2, "a"), at(30, 1, "a")},
			want:    []string{"a had a grant for term 2, and a one for term 1 at least 9.9ms later"},
		},
		"two with a term between": {
			records: []Record{at(0, 1, "a"), at(10, 2, "b"), at(20, 3, "c"), at(25, 1, "a")},
			want: []string{
				"b had a grant for term 2, and a one for term 1 at least 14.9ms later",
				"c had a grant for term 3, and a one for term 1 at least 4.9ms later",
			},
		},
		"one term for two": {
			records: []Record{at(0, 1, "a"), at(10, 1, "b")},
			want:    []string{"term 1: grants of [a b]"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Problems(test.records)); diff != "" {
				t.Errorf("unexpected problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHandovers(t *testing.T) {
	records := []Record{at(20, 2, "b"), at(0, 1, "a"), at(30, 2, "b"), {From: 29 * time.Millisecond, To: 31 * time.Millisecond, Term: 3, Pod: "a"}}
	want := []time.Duration{20*time.Millisecond - 100*time.Microsecond, 0}
	if diff := cmp.Diff(want, Handovers(records)); diff != "" {
		t.Errorf("unexpected times (-want +got):\n%s", diff)
	}
}

func TestGaps(t *testing.T) {
	records := []Record{at(0, 1, "a"), at(10, 1, "a"), at(300, 2, "b"), {From: 310 * time.Millisecond, To: 900 * time.Millisecond, Term: 2, Pod: "b"}, at(905, 2, "b"), at(1000, 2, "b")}
	faults := []Fault{{At: 5 * time.Millisecond, Name: "stop"}, {At: 950 * time.Millisecond, Name: "cut"}, {At: time.Second * 2, Name: "later"}}
	ms := time.Millisecond
	want := []Gap{{From: 10*ms + 100*time.Microsecond, To: 300 * ms, Fault: "stop"}, {From: 905*ms + 100*time.Microsecond, To: 1000 * ms, Fault: "cut"}}
	got := Gaps(records, faults)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected gaps (-want +got):\n%s", diff)
	}
	const table = "nobody had a grant after                 times     median    longest\n" +
		"cut                                          1       95ms       95ms\n" +
		"stop                                         1      290ms      290ms\n"
	if diff := cmp.Diff(table, Table(got)); diff != "" {
		t.Errorf("unexpected table (-want +got):\n%s", diff)
	}
	if moves := Moves(records); moves != 1 {
		t.Errorf("%d moves, want 1", moves)
	}
}

func TestParse(t *testing.T) {
	want := []Record{at(10, 1760000000000, "web-1"), at(20, 1760000000000, "web-1")}
	got, err := Parse(want[0].String() + "\n" + want[1].String() + "\n" + "30 4")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("unexpected records, error %v (-want +got):\n%s", err, diff)
	}
	if _, err := Parse("1 2 x web-1\n"); err == nil {
		t.Error("what is no record is read")
	}
}
