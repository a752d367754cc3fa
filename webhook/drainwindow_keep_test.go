package webhook

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/config"
)

func TestAnUpdatedPodKeepsItsDrainWindow(t *testing.T) {
	plain := corev1.Container{Name: "main"}
	named := func(container corev1.Container, name string) corev1.Container {
		container.Name = name
		return container
	}
	applied := func(pod *corev1.Pod) *corev1.Pod { return annotated(pod, config.DrainWindowAppliedKey, "3s") }
	mine := func() corev1.Container { return named(probed(sleeping(3), 5, 63), "main") }
	given := applied(newPod(33, mine(), named(draining(), "other")))
	kept := windowed{Sleeps: []int64{3, -1}, Probes: []int64{5, 63}, Grace: 33, Applied: "3s"}
	cases := map[string]struct {
		old, new *corev1.Pod
		want     windowed
	}{
		"nothing is reset":          {new: given, want: kept},
		"the grace period is reset": {new: applied(newPod(30, mine(), named(draining(), "other"))), want: kept},
		"the grace periods of probes are reset": {
			new: applied(newPod(33, named(probed(sleeping(3), 2, 60), "main"), named(draining(), "other"))), want: kept,
		},
		"everything is reset": {
			new: newPod(30, probed(plain, 2, 60), named(draining(), "other")), want: kept,
		},
		"other values are left to the API server": {
			new:  applied(newPod(29, named(probed(sleeping(3), 1, 64), "main"), named(draining(), "other"))),
			want: windowed{Sleeps: []int64{3, -1}, Probes: []int64{1, 64}, Grace: 29, Applied: "3s"},
		},
		"another hook is left to the API server": {
			new:  applied(newPod(33, named(draining(), "main"), named(draining(), "other"))),
			want: windowed{Sleeps: []int64{-1, -1}, Grace: 33, Applied: "3s"},
		},
		"other containers are left to the API server": {
			new:  applied(newPod(33, named(draining(), "other"), plain)),
			want: windowed{Sleeps: []int64{-1, 0}, Grace: 33, Applied: "3s"},
		},
		"more containers are left to the API server": {
			new: applied(newPod(30, plain)), want: windowed{Sleeps: []int64{0}, Grace: 30, Applied: "3s"},
		},
		"a pod without a window": {
			old: newPod(33, sleeping(3)), new: newPod(30, sleeping(3)), want: windowed{Sleeps: []int64{3}, Grace: 30},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.old == nil {
				test.old = given
			}
			object := raw(t, test.new)
			response := newServer(t, fakeServices{service("web")}).ask(config.PathPods, admissionv1.AdmissionRequest{
				Operation: admissionv1.Update, Namespace: "shop", Object: object, OldObject: raw(t, test.old),
			})
			patched := object.Raw
			if len(response.Patch) > 0 {
				patched = apply(t, object.Raw, response.Patch)
			}
			pod, err := decode[corev1.Pod](runtime.RawExtension{Raw: patched})
			if err != nil || !response.Allowed || len(response.Warnings) > 0 {
				t.Fatalf("got %+v: %v", response, err)
			}
			if diff := cmp.Diff(test.want, windowedOf(pod)); diff != "" {
				t.Errorf("unexpected pod (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUpdateOfAPodWarnsOfNewMistakes(t *testing.T) {
	const candidate = `metadata.annotations[tanist.dev/candidate]: Unsupported value: "no": supported values: "true", "false"; the pod may lead until then`
	wrong := func() *corev1.Pod { return annotated(newPod(30, sleeping(3)), config.CandidateKey, "no") }
	for name, test := range map[string]struct {
		old, new *corev1.Pod
		want     []string
	}{
		"a new mistake":       {old: newPod(30, sleeping(3)), new: wrong(), want: []string{candidate}},
		"an existing mistake": {old: wrong(), new: annotated(wrong(), "example.com/a", "b")},
		"a mistake is mended": {old: wrong(), new: newPod(30, sleeping(3))},
	} {
		t.Run(name, func(t *testing.T) {
			response := newServer(t, fakeServices{service("web")}).ask(config.PathPods, admissionv1.AdmissionRequest{
				Operation: admissionv1.Update, Namespace: "shop", Object: raw(t, test.new), OldObject: raw(t, test.old),
			})
			if !response.Allowed || len(response.Patch) > 0 {
				t.Errorf("got %+v, want no change", response)
			}
			if diff := cmp.Diff(test.want, response.Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
		})
	}
}
