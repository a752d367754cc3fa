package bench

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tanist-dev/tanist/test/gen"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
)

// quickOptions are few failovers on bench's own workload.
func quickOptions(change func(*Options)) Options {
	options := DefaultOptions("dev")
	options.Failovers, options.Floor, options.FloorFrom = 4, true, FloorFromHost
	if change != nil {
		change(&options)
	}
	return options
}

// outline is what a test looks at in a row.
type outline struct {
	Mode             report.Mode
	Who              report.Who
	Measured, Missed int
	P50              float64
	Ratio            float64
	MostMoves        int
	LastTerm         int64
	FirstError       string
}

func outlines(measured *report.Report) []outline {
	var outlines []outline
	for _, row := range measured.Rows {
		o := outline{Mode: row.Mode, Who: row.Who, Measured: row.Measured, Missed: row.Missed}
		if row.P50Ms != nil {
			o.P50 = *row.P50Ms
		}
		if row.RatioP50 != nil {
			o.Ratio = *row.RatioP50
		}
		for _, sample := range row.Samples {
			o.MostMoves, o.LastTerm = max(o.MostMoves, sample.Moves), sample.Term
			if o.FirstError == "" {
				o.FirstError = sample.Error
			}
		}
		outlines = append(outlines, o)
	}
	return outlines
}

func TestRun(t *testing.T) {
	tests := map[string]struct {
		simulated bool
		broken    bool
		options   Options
		want      []outline
		wantErr   string
	}{
		"deletes and force deletes beside the floor": {
			options: quickOptions(func(o *Options) { o.Modes = []report.Mode{report.ModeDelete, report.ModeForce} }),
			want: []outline{
				{Mode: report.ModeDelete, Who: report.WhoTanist, Measured: 4, P50: 15, Ratio: 3, MostMoves: 1, LastTerm: 5},
				{Mode: report.ModeDelete, Who: report.WhoFloor, Measured: 4, P50: 5, MostMoves: 1},
				{Mode: report.ModeForce, Who: report.WhoTanist, Measured: 4, P50: 15, Ratio: 3, MostMoves: 1, LastTerm: 9},
				{Mode: report.ModeForce, Who: report.WhoFloor, Measured: 4, P50: 5, MostMoves: 1},
			},
		},
		"a lost readiness counts from the pod's status": {
			simulated: true,
			options:   quickOptions(func(o *Options) { o.Modes = []report.Mode{report.ModeReadiness} }),
			want: []outline{
				{Mode: report.ModeReadiness, Who: report.WhoTanist, Measured: 4, P50: 10, MostMoves: 1, LastTerm: 5},
				{Mode: report.ModeReadiness, Who: report.WhoFloor, Measured: 4, MostMoves: 1},
			},
		},
		"a failover that nobody follows is missed, and three that cannot be measured end the run": {
			broken:  true,
			options: quickOptions(func(o *Options) { o.Floor = false }),
			want: []outline{{
				Mode: report.ModeDelete, Who: report.WhoTanist, Measured: 1, Missed: 4, P50: 30000, LastTerm: 0,
				FirstError: "gave up on Service bench-leader: the leader pod-001 is not one of the ready pods",
			}},
			wantErr: "gave up after 3 failovers in a row that could not be measured: " +
				"gave up on Service bench-leader: the leader pod-001 is not one of the ready pods",
		},
		"a burst counts until the last Service and for each": {
			options: quickOptions(func(o *Options) { o.Burst, o.Services, o.Failovers = true, 3, 2 }),
			want: []outline{
				{Mode: report.ModeBurst, Who: report.WhoTanist, Measured: 2, P50: 15, Ratio: 3, MostMoves: 1},
				{Mode: report.ModeBurst, Who: report.WhoFloor, Measured: 2, P50: 5, MostMoves: 1},
				{Mode: report.ModeBurstEach, Who: report.WhoTanist, Measured: 6, P50: 15, Ratio: 3, MostMoves: 1, LastTerm: 3},
				{Mode: report.ModeBurstEach, Who: report.WhoFloor, Measured: 6, P50: 5, MostMoves: 1},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := newSimulation(t, gen.RealNode("node-1"))
				if test.simulated {
					cluster = newSimulation(t, gen.KWOKNode("node-1"))
				}
				cluster.broken = test.broken
				var said bytes.Buffer
				measured, err := Run(t.Context(), cluster.clients(), test.options, NewConsole(&said))
				if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
					t.Fatalf("error (-want +got):\n%s\n%s", diff, said.String())
				}
				if diff := cmp.Diff(test.want, outlines(measured)); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
				wantNothingLeft(t, cluster, said.String())
			})
		})
	}
}

func TestRunWithoutTanist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newSimulation(t, gen.RealNode("node-1"))
		cluster.absent = true
		var said bytes.Buffer
		measured, err := Run(t.Context(), cluster.clients(), quickOptions(nil), NewConsole(&said))
		want := `failed to get leader Service bench-leader: Tanist did not create it within 2m0s: "kubectl tanist doctor" says why`
		if measured != nil || text(err) != want {
			t.Errorf("got %v, %v, want no report and %q", measured, err, want)
		}
		wantNothingLeft(t, cluster, said.String())
	})
}

func TestRunInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := newSimulation(t, gen.RealNode("node-1"))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, errors.New("interrupted"))
		defer cancel()
		options := quickOptions(func(o *Options) { o.Failovers = 1000 })
		var said bytes.Buffer
		measured, err := Run(ctx, cluster.clients(), options, NewConsole(&said))
		if text(err) != "interrupted" {
			t.Errorf("error = %v, want interrupted", err)
		}
		if measured == nil || !measured.Interrupted || measured.Rows[0].Measured == 0 {
			t.Errorf("report = %+v, want what was measured until then", measured)
		}
		wantNothingLeft(t, cluster, said.String())
	})
}

func TestRunRefusesBeforeItTouchesAnything(t *testing.T) {
	tests := map[string]struct {
		options Options
		wantErr string
	}{
		"wrong options": {quickOptions(func(o *Options) { o.Pods = 0 }), "--pods must be at least 2, a leader and a successor, got 0"},
		"no such nodes": {
			quickOptions(func(o *Options) { o.Nodes = testbed.NodesReal }),
			"--nodes real: the cluster has 0 real nodes that are ready and 1 simulated ones",
		},
		"a crash where nothing runs": {
			quickOptions(func(o *Options) { o.Modes = []report.Mode{report.ModeCrash} }),
			"--mode crash needs a process that can be lost: pods on simulated (KWOK) nodes have none",
		},
		"traffic where nothing answers": {
			quickOptions(func(o *Options) { o.Traffic = true }),
			"--traffic needs pods that answer: those on simulated (KWOK) nodes do not",
		},
		"a Service that is not there": {
			quickOptions(func(o *Options) { o.Service, o.Namespace = "web", "shop" }),
			`failed to get namespace: namespaces "shop" not found`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := newSimulation(t, gen.KWOKNode("node-1"))
			_, err := Run(t.Context(), cluster.clients(), test.options, NewConsole(&bytes.Buffer{}))
			if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			for _, action := range cluster.Actions() {
				if verb := action.GetVerb(); verb != "get" && verb != "list" && verb != "watch" {
					t.Errorf("%s %s, want only reads", verb, action.GetResource().Resource)
				}
			}
		})
	}
}

// wantNothingLeft fails the test unless all namespaces are gone and bench has said so.
func wantNothingLeft(t *testing.T, cluster *simulation, said string) {
	t.Helper()
	left, err := cluster.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, namespace := range left.Items {
		t.Errorf("namespace %s is left", namespace.Name)
	}
	if !strings.HasSuffix(said, "Removed everything that bench created\n") {
		t.Errorf("bench said:\n%s", said)
	}
}
