//go:build e2e

package loss

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// tanist is the replicas of Tanist.
type tanist struct {
	// holder has the Lease.
	holder corev1.Pod
	others []corev1.Pod
}

func (r tanist) all() []corev1.Pod { return append([]corev1.Pod{r.holder}, r.others...) }

// replicas waits until all replicas of Tanist are ready and one holds the Lease.
func replicas(t *testing.T, client kubernetes.Interface) (found tanist) {
	t.Helper()
	env.Await(t, "Tanist's replicas are ready", func(ctx context.Context) error {
		deployment, err := client.AppsV1().Deployments(env.TanistNamespace).Get(ctx, "tanist", metav1.GetOptions{})
		if err != nil {
			return err
		}
		ready, err := env.ReadyReplicas(ctx, client)
		if err != nil {
			return err
		}
		holder, err := env.LeaseHolder(ctx, client)
		if err != nil {
			return err
		}
		found = tanist{}
		for _, pod := range ready {
			if pod.Name == holder {
				found.holder = pod
			} else {
				found.others = append(found.others, pod)
			}
		}
		switch {
		case len(ready) != int(*deployment.Spec.Replicas):
			return fmt.Errorf("%d are ready, want %d", len(ready), *deployment.Spec.Replicas)
		case found.holder.Name == "":
			return errors.New("none of them holds the Lease")
		}
		return nil
	})
	return found
}

// awaitWatched waits until no replica says that it cannot hear a leader's node. A version that does not watch says nothing.
func (b *testbed) awaitWatched(t *testing.T) {
	t.Helper()
	env.Await(t, "all leaders are watched", func(ctx context.Context) error {
		ready, err := env.ReadyReplicas(ctx, b.client)
		if err != nil {
			return err
		}
		for i := range ready {
			metrics, err := env.Metrics(ctx, b.client, &ready[i])
			if err != nil {
				return err
			}
			if n := valueOf(string(metrics), "tanist_unwatched_leaders"); n != "" && n != "0" {
				return fmt.Errorf("%s does not hear the nodes of %s leaders", ready[i].Name, n)
			}
		}
		return nil
	})
}
