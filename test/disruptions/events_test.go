//go:build e2e

package disruptions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/leaders"
)

// checkRecorder fails the test for what the recorder has seen and must never be.
func checkRecorder(t *testing.T, r *leaders.Recorder) {
	t.Helper()
	for _, err := range r.Violations() {
		t.Error(err)
	}
}

// awaitEvents waits until Events report all moves, each with its term and reason.
func awaitEvents(t *testing.T, client kubernetes.Interface, namespace string, moves []leaders.Move) {
	t.Helper()
	env.Await(t, "an Event reports every move", func(ctx context.Context) error {
		events, err := client.EventsV1().Events(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		var missing []error
		for _, m := range moves {
			reported := false
			for _, event := range events.Items {
				reported = reported || event.Regarding.Kind == "Service" && event.Regarding.Name == m.Service &&
					strings.Contains(event.Note, fmt.Sprintf("(term %d)", m.Term)) &&
					(m.Leader == "" || strings.Contains(event.Note, m.Leader+" leads") && strings.Contains(event.Note, m.Reason))
			}
			if !reported {
				missing = append(missing, fmt.Errorf("no Event reports that %s", m))
			}
		}
		return errors.Join(missing...)
	})
}
