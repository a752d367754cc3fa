package config

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/effort"
)

// annotationsIn reads annotations from lines of a key, without our domain, and a value.
func annotationsIn(text string) map[string]string {
	annotations := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		annotations[Domain+"/"+key] = value
	}
	return annotations
}

// maxAnnotations is how much the API server accepts of all annotations of an object.
const maxAnnotations = 256 << 10

func FuzzServiceAnnotations(f *testing.F) {
	f.Add("db", "enabled true\nleader-service primary\nstrategy ordinal\nsticky false\nmin-ready 10s\nnot-ready-grace 1500ms\ndrain-window 0s\n"+
		"preferred-leader db-0\nsame-controller StatefulSet/db\ncopy-labels team,example.com/a\ncopy-annotations owner\nprobe off\nloss-after 2s\nfreeze-after 0s", "strategy newest")
	f.Add("db", "enabled True\nleader-service db\nmin-ready -1s\ndrain-window 1500ms\nsame-controller /\ncopy-labels ,,\nprobe on\nloss-after 1ms\nfreeze-after 1h", "loss-after 0s\nmin-ready 5s\nsame-controller Deployment/web")
	f.Add("db", "copy-labels "+strings.Repeat("a,b,", 60_000), "copy-labels a")
	f.Add(strings.Repeat("a", 63), "enabled true\nmin-redy 1s\npriority 1\nterm 5", "")
	f.Fuzz(func(t *testing.T, name, text, before string) {
		if len(text) > maxAnnotations || len(before) > maxAnnotations {
			return
		}
		service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotationsIn(text)}}
		lastGood := annotationsIn(before)
		effort.Limit(t, "reading a Service's annotations", func() {
			ResolveOptions(service, lastGood)
			LastGood(service, lastGood)
		})
		tuning := DefaultTuning()
		options, _ := ResolveOptions(service, lastGood)
		if window := options.DrainWindowOr(tuning); window < 0 || window > tuning.Election.LongestDrainWindow() || window%time.Second != 0 {
			t.Errorf("the drain window of the Service is %s", window)
		}
		good := LastGood(service, nil)
		_, errs := ParseOptions(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: good}})
		for key, value := range good {
			if Wrong(errs, key) {
				t.Errorf("the last good value %q of %s is wrong: %v", value, key, errs)
			}
		}
	})
}

func FuzzPodAnnotations(f *testing.F) {
	f.Add("priority 5\ndrain-window 20s", "ReplicaSet")
	f.Add("priority 99999999999\ndrain-window 1h\nprioritty 1\nenabled true", "Job")
	f.Add("priority \ndrain-window -0\ndrain-window-refused 3s", "Node")
	f.Fuzz(func(t *testing.T, text, owner string) {
		if len(text) > maxAnnotations {
			return
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Annotations: annotationsIn(text), OwnerReferences: []metav1.OwnerReference{{Kind: owner, Controller: new(true)}},
		}}
		effort.Limit(t, "reading a pod's annotations", func() {
			PodWindowFor(pod, 3*time.Second)
			UnknownPodAnnotations(pod.Annotations)
			_, _ = ParsePriority(pod.Annotations)
		})
		if window := PodWindowFor(pod, 3*time.Second).Window; window < 0 || window > MaxDrainWindow || window%time.Second != 0 {
			t.Errorf("the drain window of the pod is %s", window)
		}
	})
}
