package webhook

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"

	"github.com/tanist-dev/tanist/config"
)

// randomPod is the JSON of a pod with random fields, among them fields that the API does not have.
func randomPod(t *testing.T, seed int64) []byte {
	t.Helper()
	filler := randfill.NewWithSeed(seed).NilChance(0.5).NumElements(0, 3).Funcs(
		func(q *resource.Quantity, c randfill.Continue) {
			*q = *resource.NewQuantity(c.Int63n(1000), resource.DecimalSI)
		},
		func(v *intstr.IntOrString, c randfill.Continue) { *v = intstr.FromInt32(c.Int31()) },
		func(when *metav1.Time, c randfill.Continue) { *when = metav1.Unix(c.Int63n(1<<32), 0) },
		func(when *metav1.MicroTime, c randfill.Continue) {
			*when = metav1.MicroTime{Time: time.Unix(c.Int63n(1<<32), 0)}
		},
		func(fields *metav1.FieldsV1, _ randfill.Continue) {
			*fields = *metav1.NewFieldsV1(`{"f:a":{}}`)
		},
		func(probe *corev1.Probe, c randfill.Continue) {
			c.FillNoCustom(probe)
			probe.TerminationGracePeriodSeconds = new(c.Int63n(20) - 2)
			if c.Bool() {
				probe.TerminationGracePeriodSeconds = nil
			}
		},
		func(l *corev1.Lifecycle, c randfill.Continue) {
			c.FillNoCustom(l)
			if c.Bool() {
				l.PreStop = nil
			}
		},
	)
	pod := &corev1.Pod{}
	filler.Fill(pod)

	object := generic(t, encode(t, pod))
	addUnknownFields(object)
	return encode(t, object)
}

// addUnknownFields adds an unknown field to every object.
func addUnknownFields(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range value {
			addUnknownFields(inner)
		}
		value["fromTheFuture"] = "1" // also valid as a quantity
	case []any:
		for _, inner := range value {
			addUnknownFields(inner)
		}
	}
}

func TestTheDrainWindowChangesNothingElse(t *testing.T) {
	const window = 7 * time.Second
	changed := 0
	for seed := range int64(400) {
		before := randomPod(t, seed)
		after := withWindow(t, before, window)
		if again := withWindow(t, after, window); cmp.Diff(generic(t, after), generic(t, again)) != "" {
			t.Fatalf("seed %d: a second call changes\n%s\nto\n%s", seed, after, again)
		}
		was, is := generic(t, before), generic(t, after)
		wasProbes, isProbes := takeProbes(was), takeProbes(is)
		wasHooks, isHooks := takeHooks(was), takeHooks(is)
		wasGrace, isGrace := takeGrace(was), takeGrace(is)
		wasAnnotation, isAnnotation := takeAnnotation(was), takeAnnotation(is)
		if diff := cmp.Diff(was, is); diff != "" {
			t.Fatalf("seed %d: unexpected change (-before +after):\n%s", seed, diff)
		}
		missing := 0
		for i := range wasHooks {
			if wasHooks[i] == nil {
				missing++
				wasProbes[i].extend(7)
				wasHooks[i] = map[string]any{"sleep": map[string]any{"seconds": json.Number("7")}}
			}
		}
		if diff := cmp.Diff(wasHooks, isHooks); diff != "" {
			t.Fatalf("seed %d: unexpected hooks (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(wasProbes, isProbes); diff != "" {
			t.Fatalf("seed %d: unexpected grace periods of probes (-want +got):\n%s", seed, diff)
		}
		if extended := isGrace != wasGrace || isAnnotation != wasAnnotation; extended != (missing > 0) {
			t.Fatalf("seed %d: %d hooks were missing, and the grace period changed from %v to %v (annotation %v)", seed, missing, wasGrace, isGrace, isAnnotation)
		}
		if missing > 0 {
			changed++
		}
	}
	if changed < 50 {
		t.Errorf("only %d pods were changed", changed)
	}
}

func withWindow(t *testing.T, content []byte, window time.Duration) []byte {
	t.Helper()
	pod, err := decode[corev1.Pod](runtime.RawExtension{Raw: content})
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, content, encode(t, windowPatch(pod, window)))
}

func generic(t *testing.T, content []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber() // a floating point number cannot hold the largest integers
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	return object
}

// takeHooks removes the containers' preStop hooks and returns them; nil for a container without one.
func takeHooks(pod map[string]any) []any {
	var hooks []any
	containers, _ := pod["spec"].(map[string]any)["containers"].([]any)
	for _, container := range containers {
		container := container.(map[string]any)
		lifecycle, _ := container["lifecycle"].(map[string]any)
		hooks = append(hooks, lifecycle["preStop"])
		delete(lifecycle, "preStop")
		if len(lifecycle) == 0 {
			delete(container, "lifecycle")
		}
	}
	return hooks
}

// probeGraces are the grace periods of the probes that can stop a container, by the probe's name.
type probeGraces map[string]int64

// extend adds seconds to the grace periods that the API accepts.
func (p probeGraces) extend(seconds int64) {
	for name, grace := range p {
		if grace > 0 {
			p[name] = grace + seconds
		}
	}
}

// takeProbes removes the grace periods of each container's probes and returns them.
func takeProbes(pod map[string]any) []probeGraces {
	var all []probeGraces
	containers, _ := pod["spec"].(map[string]any)["containers"].([]any)
	for _, container := range containers {
		graces := probeGraces{}
		for _, name := range []string{"livenessProbe", "startupProbe"} {
			probe, _ := container.(map[string]any)[name].(map[string]any)
			if grace, found := probe["terminationGracePeriodSeconds"].(json.Number); found {
				graces[name], _ = grace.Int64()
				delete(probe, "terminationGracePeriodSeconds")
			}
		}
		all = append(all, graces)
	}
	return all
}

func takeGrace(pod map[string]any) any {
	spec := pod["spec"].(map[string]any)
	grace := spec["terminationGracePeriodSeconds"]
	delete(spec, "terminationGracePeriodSeconds")
	return grace
}

func takeAnnotation(pod map[string]any) any {
	meta := pod["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	applied := annotations[config.DrainWindowAppliedKey]
	annotations = maps.Clone(annotations)
	delete(annotations, config.DrainWindowAppliedKey)
	meta["annotations"] = annotations
	if len(annotations) == 0 {
		delete(meta, "annotations")
	}
	return applied
}
