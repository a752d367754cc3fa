package grant

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	duration = 2 * time.Second
	wait     = 2200 * time.Millisecond
)

// origin is when each test begins.
var origin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// at returns the time after some milliseconds.
func at(milliseconds int64) time.Time {
	return origin.Add(time.Duration(milliseconds) * time.Millisecond)
}

// The terms of the tests: a led, then b, then c.
var (
	a = View{Slice: "s", Generation: 1, Term: 10, Leader: "a"}
	b = View{Slice: "s", Generation: 2, Term: 20, Leader: "b"}
	c = View{Slice: "s", Generation: 3, Term: 30, Leader: "c"}
)

// with returns a view with another generation.
func with(v View, generation int64) View {
	v.Generation = generation
	return v
}

func TestAsk(t *testing.T) {
	granted := Answer{For: duration}
	settling := func(left int64) Answer {
		return Answer{Refusal: Settling, RetryAfter: time.Duration(left) * time.Millisecond}
	}
	type step func(r *Record)
	note := func(v View, when int64) step { return func(r *Record) { r.Note(v, at(when), wait) } }
	read := func(v View, began, when int64) step {
		return func(r *Record) { r.Observe(v, at(began), at(when), wait) }
	}
	release := func(of View, later View, when int64) step {
		return func(r *Record) { r.Release(of.Leader, "s", of.Term, later, at(when), wait) }
	}
	nobody := View{Slice: "s", Generation: 2, Term: 15}
	other := View{Slice: "new", Generation: 1, Term: 25, Leader: "b"}
	cases := map[string]struct {
		steps []step
		pod   string
		when  int64
		want  Answer
	}{
		"a replica that has just started waits":                  {steps: []step{read(a, 0, 1)}, pod: "a", when: 1, want: settling(2200)},
		"until no earlier grant can be valid":                    {steps: []step{read(a, 0, 1), read(a, 2200, 2201)}, pod: "a", when: 2201, want: granted},
		"what the watch showed counts":                           {steps: []step{note(a, 0), read(a, 5000, 5001)}, pod: "a", when: 5001, want: granted},
		"another pod than the leader gets nothing":               {steps: []step{note(a, 0), read(a, 5000, 5001)}, pod: "b", when: 5001, want: Answer{Refusal: NotLeader}},
		"a pod without a UID gets nothing while nobody leads":    {steps: []step{note(a, 0), read(nobody, 5000, 5001)}, pod: "", when: 9000, want: Answer{Refusal: NotLeader}},
		"a new leader waits":                                     {steps: []step{note(a, 0), read(b, 5000, 5001)}, pod: "b", when: 5101, want: settling(2100)},
		"from when the replica first knew of it":                 {steps: []step{note(a, 0), note(b, 4000), read(b, 5000, 5001)}, pod: "b", when: 5001, want: settling(1199)},
		"unless the leader before has stepped down":              {steps: []step{note(a, 0), release(a, b, 5000), read(b, 5000, 5001)}, pod: "b", when: 5001, want: granted},
		"also if it does so later":                               {steps: []step{note(a, 0), note(b, 5000), release(a, b, 5500), read(b, 5600, 5601)}, pod: "b", when: 5601, want: granted},
		"or nobody led before, and the last leader stepped down": {steps: []step{note(a, 0), note(nobody, 5000), release(a, nobody, 5100), read(with(b, 3), 5200, 5201)}, pod: "b", when: 5201, want: granted},
		"that nobody led before is not enough":                   {steps: []step{note(a, 0), note(nobody, 5000), read(with(b, 3), 5200, 5201)}, pod: "b", when: 5201, want: settling(1999)},
		"a step-down of another pod counts for nothing":          {steps: []step{note(a, 0), release(View{Leader: "x", Term: 10}, b, 5000), read(b, 5000, 5001)}, pod: "b", when: 5001, want: settling(2199)},
		"a step-down from another term counts for nothing":       {steps: []step{note(a, 0), release(View{Leader: "a", Term: 9}, b, 5000), read(b, 5000, 5001)}, pod: "b", when: 5001, want: settling(2199)},
		"a term between that the replica did not see":            {steps: []step{note(a, 0), release(a, c, 5000), read(c, 5000, 5001)}, pod: "c", when: 5001, want: settling(2199)},
		"a change of the endpoints alone is seen":                {steps: []step{note(a, 0), note(with(a, 2), 4000), release(a, with(b, 3), 5000), read(with(b, 3), 5000, 5001)}, pod: "b", when: 5001, want: granted},
		"also late": {steps: []step{note(a, 0), release(a, with(b, 3), 5000), note(with(a, 2), 5001), read(with(b, 3), 5001, 5002)}, pod: "b", when: 5002, want: granted},
		"the leader before steps down, and the one before it still may": {steps: []step{note(a, 0), note(b, 5000), release(b, c, 5100), read(c, 5100, 5101)}, pod: "c", when: 5101, want: settling(2099)},
		"both step down":             {steps: []step{note(a, 0), release(a, b, 5000), release(b, c, 5100), read(c, 5100, 5101)}, pod: "c", when: 5101, want: granted},
		"a slice that was made anew": {steps: []step{note(a, 0), release(a, other, 5000), read(other, 5000, 5001)}, pod: "b", when: 5001, want: settling(2199)},
		"a term that falls waits":    {steps: []step{note(a, 0), note(b, 3000), read(a, 9000, 9001)}, pod: "a", when: 9001, want: settling(2200)},
		"a step-down from before a restore of etcd": {
			steps: []step{note(a, 0), note(b, 3000), read(a, 9000, 9001), note(with(c, 2), 12_000), release(a, b, 12_001), read(with(c, 2), 12_002, 12_003)},
			pod:   "c", when: 12_003, want: settling(2197),
		},
		"another leader with the same term waits":  {steps: []step{note(a, 0), read(View{Slice: "s", Generation: 2, Term: 10, Leader: "b"}, 9000, 9001)}, pod: "b", when: 9001, want: settling(2200)},
		"what the watch says late changes nothing": {steps: []step{note(b, 0), read(b, 5000, 5001), note(a, 5002)}, pod: "b", when: 5003, want: granted},
		"the same leader with a new term waits":    {steps: []step{note(a, 0), read(View{Slice: "s", Generation: 1, Term: 11, Leader: "a"}, 5000, 5001)}, pod: "a", when: 5001, want: settling(2200)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &Record{}
			for _, step := range test.steps {
				step(r)
			}
			if diff := cmp.Diff(test.want, r.Ask(test.pod, "s", at(test.when), duration, wait)); diff != "" {
				t.Errorf("unexpected answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReadThatIsLateSaysNothing(t *testing.T) {
	r := &Record{}
	r.Note(a, at(0), wait)
	r.Note(b, at(5000), wait)
	if r.Observe(a, at(4999), at(5001), wait) {
		t.Error("a read that began before the replica knew of the next term counts")
	}
	if latest, _ := r.Latest(); latest != b {
		t.Errorf("the latest view is %v, want %v", latest, b)
	}
}

func TestVouch(t *testing.T) {
	cases := map[string]struct {
		pod, session  string
		started, when int64
		want          bool
	}{
		"no grant was given to the pod":           {pod: "b", session: "2", when: 6000, want: true},
		"a grant was given to the session":        {pod: "a", session: "1", when: 6000, want: true},
		"a grant was given to another session":    {pod: "a", session: "2", when: 6000},
		"it cannot be valid any more":             {pod: "a", session: "2", when: 7200, want: true},
		"the replica has not run for long enough": {pod: "b", session: "2", started: 4000, when: 6000},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &Record{}
			r.Note(a, at(0), wait)
			if got := r.Ask("a", "1", at(5000), duration, wait); got.For == 0 {
				t.Fatalf("got %v, want a grant", got)
			}
			if got := r.Vouch(test.pod, test.session, at(test.started), at(test.when), wait); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestASessionThatHasSteppedDownIsForgotten: a pod that leads again soon can step down again.
func TestASessionThatHasSteppedDownIsForgotten(t *testing.T) {
	r := &Record{}
	r.Note(a, at(0), wait)
	r.Ask("a", "1", at(5000), duration, wait)
	r.Release("a", "1", a.Term, b, at(5100), wait)
	if !r.Vouch("a", "2", at(0), at(5200), wait) {
		t.Error("the session that has stepped down counts as one that may hold a grant")
	}
	again := View{Slice: "s", Generation: 3, Term: 30, Leader: "a"}
	r.Observe(again, at(7600), at(7601), wait)
	if got := r.Ask("a", "2", at(10_000), duration, wait); got.For == 0 {
		t.Fatalf("got %v, want a grant", got)
	}
	r.Release("a", "1", a.Term, b, at(10_100), wait) // it arrives once more
	if r.Vouch("a", "3", at(0), at(10_200), wait) {
		t.Error("a session of the pod that may hold a grant is forgotten")
	}
}

func TestSessionsAreLimited(t *testing.T) {
	r := &Record{}
	r.Note(a, at(0), wait)
	for i := range maxSessions + 1 {
		got := r.Ask("a", string(rune('a'+i)), at(5000), duration, wait)
		if want := i < maxSessions; (got.For > 0) != want {
			t.Fatalf("session %d got %v", i, got)
		}
	}
	if got := r.Ask("a", "z", at(7200), duration, wait); got.For == 0 {
		t.Errorf("when the others are over, another one gets %v", got)
	}
	for i := range int64(3 * maxTerms) {
		r.Note(View{Slice: "s", Term: 100 + i, Leader: "a"}, at(8000+i), wait)
	}
	if len(r.terms) != maxTerms {
		t.Errorf("%d terms are kept, want %d", len(r.terms), maxTerms)
	}
}

func TestDurations(t *testing.T) {
	var d Durations
	check := func(when int64, grant, waits time.Duration) {
		t.Helper()
		if got := d.Grant(at(when)); got != grant {
			t.Errorf("after %d ms a grant lasts %s, want %s", when, got, grant)
		}
		if got := d.Wait(at(when)); got != waits {
			t.Errorf("after %d ms a replica waits %s, want %s", when, got, waits)
		}
	}
	d.Set(2*time.Second, at(0))
	check(0, 2*time.Second, 2200*time.Millisecond)
	d.Set(10*time.Second, at(100_000))
	check(100_001, 2*time.Second, 11*time.Second)
	check(160_000, 10*time.Second, 11*time.Second)
	d.Set(time.Second, at(200_000))
	d.Set(5*time.Second, at(210_000))
	check(260_001, time.Second, 11*time.Second)
	check(270_000, 5*time.Second, 11*time.Second) // another replica may have given one for 10 s a moment ago
	check(280_999, 5*time.Second, 11*time.Second)
	check(281_000, 5*time.Second, 5500*time.Millisecond)
	d.Set(time.Second, at(300_000))
	d.Set(2*time.Second, at(361_000))
	check(361_001, time.Second, 5500*time.Millisecond)
	check(426_500, 2*time.Second, 2200*time.Millisecond)
}

func TestFollowedBy(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	first, second := View{Slice: "s", Generation: 1, Term: 1, Leader: "a"}, View{Slice: "s", Generation: 2, Term: 2, Leader: "b"}
	cases := map[string]struct {
		noted []View
		pod   string
		now   int
		want  int64
	}{
		"the one before":                        {noted: []View{first, second}, pod: "a", now: 11, want: 2},
		"the one before, whose grants are over": {noted: []View{first, second}, pod: "a", now: 12},
		"the leader":                            {noted: []View{first, second}, pod: "b", now: 11},
		"somebody else":                         {noted: []View{first, second}, pod: "c", now: 11},
		"the only one":                          {noted: []View{first}, pod: "a", now: 11},
		"nobody follows":                        {noted: []View{first, {Slice: "s", Generation: 2, Term: 2}}, pod: "a", now: 11},
		"the same pod follows":                  {noted: []View{first, {Slice: "s", Generation: 2, Term: 2, Leader: "a"}}, pod: "a", now: 11},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var r Record
			for _, view := range test.noted {
				r.Note(view, at(10), 2*time.Second)
			}
			term, seen := r.FollowedBy(test.pod, at(test.now))
			if term != test.want || term > 0 && !seen.Equal(at(10)) {
				t.Errorf("got %d, %v, want %d", term, seen, test.want)
			}
		})
	}
}
