package observe

import (
	"math/rand/v2"
	"testing"
	"time"
)

const interval = 100 * time.Millisecond

// heardFor asks a node every interval for some time, and hears each answer at once, and a fresh one each time.
func heardFor(h *Hearing, from, d time.Duration) (until time.Duration) {
	for at := from; at < from+d; at += interval {
		h.Asked(at)
		h.Heard(Steady, at, at+time.Millisecond)
		h.Heard(Fresh, at, at+time.Millisecond)
	}
	return from + d
}

func TestAgeIsThatOfTheOldestProbeSinceTheLastAnswer(t *testing.T) {
	h := NewHearing()
	now := heardFor(h, 0, 3*time.Second)
	if age := h.Silence(now); age != 0 {
		t.Errorf("a node that answers all probes has age %s, want 0", age)
	}
	h.Asked(now)
	h.Asked(now + 300*time.Millisecond)
	if age := h.Silence(now + time.Second); age != time.Second {
		t.Errorf("a node with a probe that is unanswered for 1s has age %s", age)
	}
	h.Heard(Other, -1, now+time.Second)
	if age := h.Silence(now + time.Second); age != 0 {
		t.Errorf("a node that was just heard has age %s, want 0: nothing was asked since", age)
	}
}

func TestAgeOutlivesTheMemoryOfProbes(t *testing.T) {
	h := NewHearing()
	for i := range 10 * maxProbes {
		h.Asked(time.Duration(i) * interval)
	}
	if age := h.Silence(100 * time.Second); age != 100*time.Second {
		t.Errorf("the age after many probes is %s, want that of the first one, 100s", age)
	}
	if n := h.UnansweredSince(0, 100*time.Second); n != maxProbes-1 {
		t.Errorf("%d probes are remembered since the first, want %d", n, maxProbes-1)
	}
}

func TestANodeIsArmedByWhatWasHeard(t *testing.T) {
	for name, test := range map[string]struct {
		hear func(h *Hearing) (now time.Duration)
		want Armed
	}{
		"never heard":          {hear: func(*Hearing) time.Duration { return time.Minute }, want: NotArmed},
		"steadily and freshly": {hear: func(h *Hearing) time.Duration { return heardFor(h, 0, 3*time.Second) }, want: FullyArmed},
		"for too short a time": {
			hear: func(h *Hearing) time.Duration {
				for i := range 40 {
					h.Heard(Steady, 0, time.Duration(i)*time.Millisecond)
				}
				return time.Second
			},
			want: NotArmed,
		},
		"a fresh answer long ago": {
			hear: func(h *Hearing) time.Duration {
				h.Heard(Fresh, 0, 0)
				var at time.Duration
				for ; at < 2*freshFor; at += interval {
					h.Heard(Steady, at, at)
				}
				return at
			},
			want: PartlyArmed,
		},
		"silent since it was armed": {
			hear: func(h *Hearing) time.Duration {
				at := heardFor(h, 0, 3*time.Second)
				h.Asked(at)
				return at + 2*freshFor
			},
			want: FullyArmed,
		},
		"silent for so long that Kubernetes has noticed": {
			hear: func(h *Hearing) time.Duration {
				at := heardFor(h, 0, 3*time.Second)
				h.Asked(at)
				return at + forgotten
			},
			want: NotArmed,
		},
		"heard again after a long silence": {
			hear: func(h *Hearing) time.Duration {
				at := heardFor(h, 0, 3*time.Second)
				h.Asked(at)
				h.Heard(Steady, at, at+rearmAfter)
				return at + rearmAfter
			},
			want: NotArmed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHearing()
			if now := test.hear(h); h.Armed(now) != test.want {
				t.Errorf("the node is armed %d, want %d", h.Armed(now), test.want)
			}
		})
	}
}

func TestSlowAnswersWidenTheWindow(t *testing.T) {
	const lossAfter = 1100 * time.Millisecond
	for name, test := range map[string]struct {
		delays []time.Duration
		want   time.Duration
	}{
		"fast answers":          {want: lossAfter},
		"one slow answer":       {delays: []time.Duration{time.Second}, want: lossAfter},
		"two slow answers":      {delays: []time.Duration{time.Second, 700 * time.Millisecond}, want: 1600 * time.Millisecond},
		"two very slow answers": {delays: []time.Duration{9 * time.Second, 8 * time.Second}, want: partlyArmedWindow},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHearing()
			now := heardFor(h, 0, 3*time.Second)
			for _, delay := range test.delays {
				h.Heard(Steady, now-delay, now)
			}
			if window := h.Window(lossAfter, now); window != test.want {
				t.Errorf("the window is %s, want %s", window, test.want)
			}
			if later := heardFor(h, now, 3*delayPeriod); h.Window(lossAfter, later) != lossAfter {
				t.Errorf("the window is %s three minutes after the slow answers, want %s again", h.Window(lossAfter, later), lossAfter)
			}
		})
	}
}

// A pause of the node that is shorter than the window never makes it lost, however the probes fall.
func TestNoPauseShorterThanTheWindowReachesIt(t *testing.T) {
	const lossAfter = 1100 * time.Millisecond
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h := NewHearing()
		now := heardFor(h, 0, 3*time.Second)
		for pauses := 0; pauses < 5; {
			answersFrom := now + time.Duration(random.Int64N(int64(lossAfter)))
			for ; now < answersFrom; now += time.Duration(1 + random.Int64N(int64(interval))) {
				h.Asked(now)
				if age := h.Silence(answersFrom); age >= lossAfter {
					t.Fatalf("a pause of less than %s made the age %s", lossAfter, age)
				}
			}
			h.Heard(Fresh, answersFrom, answersFrom)
			now, pauses = answersFrom, pauses+1
		}
	}
}

func TestNewConnectionsAreDropped(t *testing.T) {
	steadily := func(h *Hearing, from, d time.Duration) (until time.Duration) {
		for at := from; at < from+d; at += interval {
			h.Asked(at)
			h.Heard(Steady, at, at+time.Millisecond)
		}
		return from + d
	}
	for name, test := range map[string]struct {
		hear func(h *Hearing) (now time.Duration)
		want bool
	}{
		"never heard":                     {hear: func(*Hearing) time.Duration { return time.Minute }},
		"new ones are answered":           {hear: func(h *Hearing) time.Duration { return heardFor(h, 0, time.Minute) }},
		"none was ever answered":          {hear: func(h *Hearing) time.Duration { return steadily(h, 0, time.Minute) }},
		"one attempt may have failed":     {hear: func(h *Hearing) time.Duration { return steadily(h, heardFor(h, 0, time.Second), 39*time.Second) }},
		"none has been answered for long": {hear: func(h *Hearing) time.Duration { return steadily(h, heardFor(h, 0, time.Second), 41*time.Second) }, want: true},
		"the old ones are silent, too": {
			hear: func(h *Hearing) time.Duration {
				return steadily(h, heardFor(h, 0, time.Second), 41*time.Second) + time.Second
			},
		},
		"they are answered again": {hear: func(h *Hearing) time.Duration {
			return heardFor(h, steadily(h, heardFor(h, 0, time.Second), 41*time.Second), time.Second)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHearing()
			if now := test.hear(h); h.DropsNewConnections(now) != test.want {
				t.Errorf("got %t, want %t", !test.want, test.want)
			}
		})
	}
}
