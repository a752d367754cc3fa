//go:build e2e

package grantnodes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// TestGrantsOnNodes does one random fault after another, some of them at the same time, and checks that no two pods hold a grant at a time.
//
// GRANTS_DURATION is for how long (2m), and GRANTS_SEED, unless it is 0, repeats the choice of faults.
func TestGrantsOnNodes(t *testing.T) {
	lasts := env.Variable(t, "GRANTS_DURATION", 2*time.Minute, func(value string) (time.Duration, error) {
		d, err := time.ParseDuration(value)
		if err == nil && d <= 0 {
			err = errors.New("it must be longer than 0s, such as 10m")
		}
		return d, err
	})
	seed := env.Variable(t, "GRANTS_SEED", 0, strconv.Atoi)
	if seed == 0 {
		seed = rand.IntN(1_000_000) + 1
	}
	t.Logf("GRANTS_SEED=%d", seed)
	w := granted(t, deployment)

	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	all := w.faults(t)
	var done []Fault
	for began := time.Now(); time.Since(began) < lasts; {
		chosen := all[chance.IntN(len(all))]
		length := time.Duration(200+chance.IntN(5000)) * time.Millisecond
		at, err := Now()
		if err != nil {
			t.Fatal(err)
		}
		end, err := chosen.begin(t.Context(), length)
		if errors.Is(err, errNotNow) {
			wait(t, 100*time.Millisecond)
			continue
		}
		if err != nil {
			t.Fatalf("failed to begin %s: %v", chosen.name, err)
		}
		restore := env.Restoring(t, chosen.name, end)
		done = append(done, Fault{At: at, Name: chosen.name})
		wait(t, length)
		restore()
		if chance.IntN(2) == 0 { // else the next fault follows while this one still has its effect
			wait(t, time.Duration(chance.IntN(5000))*time.Millisecond)
		}
	}
	w.awaitGrant(t, "after the last fault")

	records := w.records(t)
	for _, problem := range Problems(records) {
		t.Error(problem)
	}
	t.Logf("%d records, %d moves, %d faults\n%s", len(records), Moves(records), len(done), Table(Gaps(records, done)))
	if moves := Moves(records); moves == 0 {
		t.Error("the leader never moved with a grant, so that this proves nothing")
	}
}

// granted returns a workload of which a pod has a grant.
func granted(t *testing.T, create controller) *workload {
	t.Helper()
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	grants, err := client.CoreV1().Services(env.TanistNamespace).Get(t.Context(), "tanist-grants", metav1.GetOptions{})
	if err != nil {
		t.Fatalf("Tanist must be installed with grants.enabled=true: %v", err)
	}
	w := newWorkload(t, client, "http://"+grants.Spec.ClusterIP, create)
	w.awaitGrant(t, "at first")
	return w
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// records returns what all pods have written until now.
func (w *workload) records(t *testing.T) []Record {
	t.Helper()
	all, err := w.folder.Records()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// awaitGrant waits until a pod holds a grant that it did not hold before the call.
func (w *workload) awaitGrant(t *testing.T, when string) {
	t.Helper()
	since, err := Now()
	if err != nil {
		t.Fatal(err)
	}
	env.Await(t, "a pod has a grant "+when, func(context.Context) error {
		for _, r := range w.records(t) {
			if r.From > since {
				return nil
			}
		}
		return fmt.Errorf("none has written so into %s", w.folder.Path)
	})
}
