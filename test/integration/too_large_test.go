//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// withMegabyteOfLabels gives an object about a megabyte of labels, besides its own.
func withMegabyteOfLabels(labels map[string]string) {
	value := strings.Repeat("x", 60)
	for i := range 15_000 {
		labels[fmt.Sprintf("l%05d", i)] = value
	}
}

// A neighbour creates pods that are as large as the API server accepts. While its namespace has not opted in, a replica does not even know of them;
// then it knows that they are too large.
func TestLargePodsOfANeighbourTakeLittleMemory(t *testing.T) {
	ownCluster(t) // whose recorder, which keeps all pods, ends with the test
	neighbour := newNamespace(t, config.EnabledKey+"=false")
	var creates errgroup.Group
	creates.SetLimit(8)
	for i := range 200 {
		creates.Go(func() error {
			pod := neighbour.podOf("large", fmt.Sprintf("large-%d", i), func(pod *corev1.Pod) {
				pod.Spec.NodeName = ""
				withMegabyteOfLabels(pod.Labels)
			})
			_, err := clientset.CoreV1().Pods(neighbour.namespace).Create(t.Context(), pod, metav1.CreateOptions{})
			return err
		})
	}
	if err := creates.Wait(); err != nil {
		t.Fatalf("failed to create pods: %v", err)
	}
	history.eventually(t, func() string {
		if seen := len(neighbour.podsOf("")); seen < 200 {
			return fmt.Sprintf("200 pods, there are %d", seen)
		}
		return ""
	})
	before, r := heap(), newTanist(t).start()
	takes := func(counted float64, most int64) {
		t.Helper()
		r.counts(counted, "tanist_objects_too_large", "kind=Pod")
		if grown := (heap() - before) >> 20; grown > most {
			t.Errorf("a replica that knows of %v pods takes %d MB more, want at most %d", counted, grown, most)
		}
	}
	takes(0, 30)
	neighbour.label(`"true"`) // now the replica reads all of them at once, as after a restart
	takes(200, 100)
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestAPodThatBecomesTooLargeLosesTheLeadership(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	first := s.leads("web", "a")
	s.withReadyPod("web", "b")
	labels := map[string]string{}
	withMegabyteOfLabels(labels)
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		t.Fatal(err)
	}
	patch(t, clientset.CoreV1().Pods(s.namespace), types.MergePatchType, "a", string(body))
	if moved := s.leads("web", "b"); !s.next("web", first, moved) || moved.Reason != "LeaderUnfit" {
		t.Errorf("got %+v after %+v", moved, first)
	}
	s.warned("web", "UnfitPod", "pod a cannot lead: it is too large")
}
