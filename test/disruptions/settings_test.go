//go:build e2e

package disruptions

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// settings are a tuning under which disruptions are compared.
type settings struct {
	name     string
	election string
	// windowed says that pods must have a drain window.
	windowed bool
	// lossless says that no planned disruption may cost a request.
	lossless bool
}

const (
	noWindow   = "drainWindow: 0s"
	noHandover = "handoverOnCordon: false, handoverOnRemovalTaint: false, handoverOnNodeShutdown: false, handoverOnRollout: false, " +
		"handoverOnScaleDown: false, handoverOnDisruptionTarget: false"
)

func allSettings() []settings {
	return []settings{
		{name: "on", windowed: true, lossless: true},
		{name: "window only", election: noHandover, windowed: true},
		{name: "no window", election: noWindow},
		{name: "off", election: noWindow + ", " + noHandover},
	}
}

// apply writes the tuning. The test's end restores what was there.
func (p settings) apply(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	before := setTuning(t.Context(), t, client, "election: {"+p.election+"}")
	t.Cleanup(func() { setTuning(context.WithoutCancel(t.Context()), t, client, before) })
}

func setTuning(ctx context.Context, t *testing.T, client kubernetes.Interface, content string) (before string) {
	t.Helper()
	maps := client.CoreV1().ConfigMaps(env.TanistNamespace)
	current, err := maps.Get(ctx, config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before = current.Data[config.TuningKey]
	current.Data = map[string]string{config.TuningKey: content}
	if _, err := maps.Update(ctx, current, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	return before
}

// inForce waits until every replica uses the tuning.
func (p settings) inForce(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	tuning, errs := config.ParseTuning([]byte("election: {" + p.election + "}"))
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	env.Await(t, "the tuning is in force", func(ctx context.Context) error {
		pods, err := env.ReadyReplicas(ctx, client)
		if err != nil {
			return err
		}
		for i := range pods {
			metrics, err := env.Metrics(ctx, client, &pods[i])
			if err != nil {
				return err
			}
			if !strings.Contains(string(metrics), fmt.Sprintf("tanist_tuning_info{hash=%q}", tuning.Hash())) {
				return fmt.Errorf("not yet in %s", pods[i].Name)
			}
		}
		return nil
	})
}
