//go:build e2e

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
	"github.com/tanist-dev/tanist/test/cluster/components"
)

// nobody is a user without any rights. The user has its own cache folder, which has the components already.
func nobody(t *testing.T) user {
	t.Helper()
	// Not t.TempDir, which only its owner can enter.
	home, err := os.MkdirTemp("", "tanist-cluster-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	built, err := components.Dir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(home, "tanist", "components"), os.DirFS(built)); err != nil {
		t.Fatal(err)
	}
	const id = 65534
	err = filepath.WalkDir(home, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, id, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	return user{
		t: t, name: "e2e-simulated", env: []string{"XDG_CACHE_HOME=" + home, "HOME=" + home, "PATH=/nowhere"},
		credential: &syscall.Credential{Uid: id, Gid: id},
	}
}

func TestSimulatedNodes(t *testing.T) {
	user{t: t, name: "e2e-simulated"}.must("components")
	u := nobody(t)
	u.refused([]string{"up"}, "--nodes", "--simulated-nodes")
	u.refusedRealNodes([]string{"up", "--nodes", "2"}, "root", "--simulated-nodes")
	u.refused([]string{"status"}, "up")
	packages := u
	packages.credential = nil
	packages.refusedRealNodes([]string{"up", "--nodes", "2"}, "apt-get install -y", "containerd", "nftables")

	client, _ := u.up("--simulated-nodes", "3", "--port", "18443", "--cert-manager")
	if got := u.status(); got.Health != cluster.Healthy || len(got.NodeStatus) != 3 {
		t.Errorf("status says %s (%s) with %d nodes, want %s with 3", got.Health, got.Detail, len(got.NodeStatus), cluster.Healthy)
	}
	u.refused([]string{"node", "kill", "simulated-1"}, "no real nodes")
	deploy(t, client)
	t.Run("a graceful delete takes the grace period", func(t *testing.T) { graceful(t, client) })
	t.Run("an eviction respects a PodDisruptionBudget", func(t *testing.T) { budget(t, client) })
	t.Run("a node's Lease is a kubelet's", func(t *testing.T) { lease(t, client) })
	t.Run("down --all removes it without its name", func(t *testing.T) {
		u.t = t
		u.refused([]string{"down", "--all"}, "--all", "--name "+u.name)
		// The folder, and so the clusters, are this user's alone: no other user's clusters are removed.
		cmd := u.command("down", "--all")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), u.name) {
			t.Fatalf("down --all: %v\n%s", err, out)
		}
		u.refused([]string{"status"}, "up")
	})
}

// lease checks that a simulated node's Lease lasts as long as a kubelet's. A node that renews its Lease more slowly than a kubelet (a
// quarter of its duration) is sometimes taken for lost, and its pods for not ready.
func lease(t *testing.T, client kubernetes.Interface) {
	got, err := client.CoordinationV1().Leases("kube-node-lease").Get(t.Context(), "simulated-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if seconds := got.Spec.LeaseDurationSeconds; seconds == nil || *seconds != 40 {
		t.Errorf("the Lease lasts for %v seconds, want 40", seconds)
	}
}

func graceful(t *testing.T, client kubernetes.Interface) {
	victim := pods(t, client)[0]
	w, err := client.CoreV1().Pods(ns).Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + victim.Name, ResourceVersion: victim.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	started := time.Now()
	if err := client.CoreV1().Pods(ns).Delete(t.Context(), victim.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(timeout)
	for {
		select {
		case event := <-w.ResultChan():
			if event.Type != watch.Deleted {
				continue
			}
			grace := time.Duration(*victim.Spec.TerminationGracePeriodSeconds) * time.Second
			// A deletion's time is written in whole seconds.
			if took := time.Since(started); took < grace-time.Second {
				t.Errorf("the pod was gone after %v, want its grace period of %v", took, grace)
			}
			return
		case <-deadline:
			t.Fatal("the pod was never gone")
		}
	}
}

func budget(t *testing.T, client kubernetes.Interface) {
	all := intstr.FromInt32(3)
	_, err := client.PolicyV1().PodDisruptionBudgets(ns).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &all, Selector: &metav1.LabelSelector{MatchLabels: appLabels}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	evict := func(ctx context.Context) error {
		for _, p := range pods(t, client) {
			if p.DeletionTimestamp == nil {
				return client.PolicyV1().Evictions(ns).Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: ns}})
			}
		}
		return nil
	}
	eventually(t, "the budget is counted", func(ctx context.Context) (bool, error) {
		b, err := client.PolicyV1().PodDisruptionBudgets(ns).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && b.Status.CurrentHealthy == 3, err
	})
	if err := evict(t.Context()); !apierrors.IsTooManyRequests(err) {
		t.Errorf("an eviction that the budget forbids: %v, want 429", err)
	}
	if err := client.PolicyV1().PodDisruptionBudgets(ns).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an eviction without the budget", func(ctx context.Context) (bool, error) { err := evict(ctx); return err == nil, err })
}
