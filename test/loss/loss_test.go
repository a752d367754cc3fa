//go:build e2e

package loss

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// TestLosses: a loss moves a leader once and in time, and whatever is none moves nobody.
//
// LOSS_REPEAT is how many trials each case has; without it, the plainest losses have a few. LOSS_CASES lists what is tried, separated by
// commas: names of cases or of groups, or all (the default). LOSS_OUT is a file to which each trial is appended as a line of JSON.
// LOSS_LONG=1 also tries the long cases, and waits longer for moves back. LOSS_SERVICES is how many Services a node's loss hits at once (5).
// LOSS_OBSERVE=off switches the observer off: then the trials show how fast Kubernetes alone is, and nothing is judged but the leaders.
func TestLosses(t *testing.T) {
	var names []string
	for _, f := range faults() {
		names = append(names, f.name, f.group)
	}
	env.Known(t, "LOSS_CASES", names)
	client := env.Connect(t)
	replicas(t, client)
	if unobserved() {
		stopObserving(t, client)
	}
	var rows []row
	defer func() { t.Logf("\n%s", table(rows)) }()
	for _, w := range workloads() {
		var chosen []fault
		for _, f := range faults() {
			if f.workload == w.name && f.rounds(t) > 0 && (!f.long || long()) && env.Chosen("LOSS_CASES", "all", f.name, f.group) {
				chosen = append(chosen, f)
			}
		}
		if len(chosen) == 0 {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			b := newTestbed(t, client, w)
			for _, f := range chosen {
				if f.nodes > len(b.nodes) {
					if env.Chosen("LOSS_CASES", "all") { // nobody has asked for this one
						t.Logf("%s is left out: it needs %d nodes", f.name, f.nodes)
						continue
					}
					t.Fatalf("%s needs %d nodes (UP_ARGS=\"--nodes %d\"), and there are %d", f.name, f.nodes, f.nodes, len(b.nodes))
				}
				if unobserved() {
					f.want = expectation{most: mostUnobserved}
				}
				rows = append(rows, row{name: f.name, want: f.want})
				mine := &rows[len(rows)-1]
				t.Run(f.name, func(t *testing.T) {
					defer func() {
						for _, problem := range f.want.problems(mine.trials) {
							t.Error(problem)
						}
					}()
					f.repeat(t, b, func(trials []trial) { mine.trials = append(mine.trials, trials...) })
				})
			}
		})
	}
}

// rounds is how often the fault is injected. Each Service that it hits is a trial.
func (f fault) rounds(t *testing.T) int {
	t.Helper()
	if os.Getenv("LOSS_REPEAT") == "" {
		return f.brief
	}
	trials, services := env.Number(t, "LOSS_REPEAT", 1), f.services(t)
	if f.seldom {
		trials = (trials + 9) / 10
	}
	return (trials + services - 1) / services
}

// services is how many Services the fault hits at once.
func (f fault) services(t *testing.T) int {
	t.Helper()
	if f.hits == aNode {
		return env.Number(t, "LOSS_SERVICES", 5)
	}
	return 1
}

func long() bool { return os.Getenv("LOSS_LONG") == "1" }

func unobserved() bool { return os.Getenv("LOSS_OBSERVE") == "off" }

// mostUnobserved is how often a leader may move without the observer: away from the loss, and again when its node is restored.
const mostUnobserved = 3

// stopObserving switches the observer off until the test ends. Each trial waits for longer than that takes before it begins.
func stopObserving(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	configMaps := client.CoreV1().ConfigMaps(env.TanistNamespace)
	before, err := configMaps.Get(t.Context(), config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set := func(ctx context.Context, tuning string) {
		patch, err := json.Marshal(map[string]any{"data": map[string]string{config.TuningKey: tuning}})
		if err == nil {
			_, err = configMaps.Patch(ctx, config.TuningConfigMap, types.MergePatchType, patch, metav1.PatchOptions{})
		}
		if err != nil {
			t.Errorf("failed to change the tuning: %v", err)
		}
	}
	set(t.Context(), "observe: {enabled: false}")
	t.Cleanup(func() { set(context.WithoutCancel(t.Context()), before.Data[config.TuningKey]) })
}
