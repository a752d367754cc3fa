//go:build e2e

package disruptions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/test/env"
)

// TestDisruptions: no planned disruption costs a request, each moves a leader once, and an Event says why.
//
// DISRUPTION_REPEAT is how often each is tried (1). DISRUPTION_CASES lists what is tried, separated by commas: names of cases or
// of scenarios, or all (the default). DISRUPTION_SETTINGS lists the settings under which they are tried, separated by commas, or
// all. The default is Tanist's defaults, the only settings under which the test asserts anything.
func TestDisruptions(t *testing.T) {
	cases, settings := names()
	env.Known(t, "DISRUPTION_CASES", cases)
	env.Known(t, "DISRUPTION_SETTINGS", settings)
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	var results outcomes
	defer func() { t.Logf("\n%s", results.table()) }()
	for _, p := range allSettings() {
		if !env.Chosen("DISRUPTION_SETTINGS", "on", p.name) {
			continue
		}
		t.Run(strings.ReplaceAll(p.name, " ", "-"), func(t *testing.T) {
			p.apply(t, client)
			p.inForce(t, client)
			for _, sc := range scenarios() {
				sc.run(t, client, p, &results)
			}
		})
	}
}

// run tries the chosen disruptions of a scenario. Where none is chosen, it creates nothing.
func (sc scenario) run(t *testing.T, client kubernetes.Interface, p settings, results *outcomes) {
	sc.disruptions = slices.DeleteFunc(sc.disruptions, func(d disruption) bool {
		return !env.Chosen("DISRUPTION_CASES", "all", d.name, sc.name, sc.name+"/"+d.name)
	})
	if len(sc.disruptions) == 0 {
		return
	}
	t.Run(sc.name, func(t *testing.T) {
		s := newTestbed(t, client, p.windowed, sc.apps...)
		for _, d := range sc.disruptions {
			t.Run(d.name, func(t *testing.T) {
				for round := range env.Number(t, "DISRUPTION_REPEAT", 1) {
					result := d.once(t, s, p.lossless)
					result.Case, result.Settings, result.Proxy, result.Round = sc.name+" "+d.name, p.name, os.Getenv("DISRUPTION_PROXY"), round+1
					if err := results.add(result); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
}

// once tries the disruption once.
func (d disruption) once(t *testing.T, s *testbed, lossless bool) outcome {
	t.Helper()
	s.prepare(t)
	if d.prepare != nil {
		d.prepare(t, s)
		s.settle(t)
		s.flow(t)
	}
	marks, moved := make([]int, len(s.traffic)), s.recorder.Mark()
	for i, client := range s.traffic {
		marks[i] = len(client.after(0))
	}

	d.do(t, s)
	s.settle(t)

	var result outcome
	for i, client := range s.traffic {
		windows := s.windows(t, client, marks[i])
		result.add(windows)
		for _, window := range windows {
			if window.Fresh.Failed+window.Kept.Failed > 0 {
				t.Logf("%s, from %s on: %+v", client.name, window.Began.Format(clock), window)
			}
		}
	}
	moves := s.recorder.Since(moved)
	for _, a := range s.apps {
		n := 0
		for _, m := range moves {
			if m.Service == a.name {
				t.Logf("%s %s", m.At.Format(clock), m)
				result.Reasons = append(result.Reasons, m.Reason)
				n++
			}
		}
		result.Moves = append(result.Moves, n)
		if most := max(d.mostMoves, 1); lossless && (n < 1 || n > most) {
			t.Errorf("the leader of %s moved %d times, want from 1 to %d", a.name, n, most)
		}
	}
	if lossless && result.Failed > 0 {
		t.Errorf("%d of %d requests failed: %s", result.Failed, result.Requests, result.errorKinds())
	}
	t.Logf("%d of %d requests failed, longest gap %.0f ms, moves %v", result.Failed, result.Requests, result.LongestGapMs, result.Moves)
	checkRecorder(t, s.recorder)
	awaitEvents(t, s.client, s.namespace, moves)
	if d.restore != nil {
		d.restore(t, s)
	}
	return result
}

// clock is the format of times in the log.
const clock = "15:04:05.000"

// windows waits until a client has reported all that happened by now, and returns its windows after a mark.
func (s *testbed) windows(t *testing.T, client *trafficClient, mark int) []traffic.Window {
	t.Helper()
	want := len(client.after(0)) + traffic.LastWindows
	env.Await(t, client.name+" reports what it saw", func(context.Context) error {
		if n := len(client.after(0)); n < want {
			return errors.Join(fmt.Errorf("%d of %d windows", n, want), client.failed())
		}
		return nil
	})
	return client.after(mark)
}

// names are all that the environment may choose from.
func names() (cases, settings []string) {
	for _, sc := range scenarios() {
		cases = append(cases, sc.name)
		for _, d := range sc.disruptions {
			cases = append(cases, d.name, sc.name+"/"+d.name)
		}
	}
	for _, p := range allSettings() {
		settings = append(settings, p.name)
	}
	return cases, settings
}
