package webhook

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// windowed is what a drain window changes in a pod.
type windowed struct {
	// Sleeps are the containers' preStop sleeps in seconds: -1 for another hook, 0 for none.
	Sleeps []int64
	// Probes are the own grace periods of the containers' liveness and startup probes.
	Probes []int64
	// Grace is the grace period in seconds, -1 for none.
	Grace int64
	// Applied is the annotation of a pod with a window.
	Applied string
	// Refused is the annotation of a pod that was created without its window.
	Refused string
}

func windowedOf(pod *corev1.Pod) windowed {
	w := windowed{
		Grace: -1, Applied: pod.Annotations[config.DrainWindowAppliedKey], Refused: pod.Annotations[config.DrainWindowRefusedKey],
	}
	if pod.Spec.TerminationGracePeriodSeconds != nil {
		w.Grace = *pod.Spec.TerminationGracePeriodSeconds
	}
	for _, container := range pod.Spec.Containers {
		for _, probe := range []*corev1.Probe{container.LivenessProbe, container.StartupProbe} {
			if probe != nil && probe.TerminationGracePeriodSeconds != nil {
				w.Probes = append(w.Probes, *probe.TerminationGracePeriodSeconds)
			}
		}
		switch {
		case container.Lifecycle == nil || container.Lifecycle.PreStop == nil:
			w.Sleeps = append(w.Sleeps, 0)
		case container.Lifecycle.PreStop.Sleep == nil:
			w.Sleeps = append(w.Sleeps, -1)
		default:
			w.Sleeps = append(w.Sleeps, container.Lifecycle.PreStop.Sleep.Seconds)
		}
	}
	return w
}

func sleeping(seconds int64) corev1.Container {
	return corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}}
}

func draining() corev1.Container {
	return corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"drain"}}}}}
}

// probed adds a liveness and a startup probe with their own grace periods to a container.
func probed(container corev1.Container, liveness, startup int64) corev1.Container {
	container.LivenessProbe = &corev1.Probe{TerminationGracePeriodSeconds: &liveness}
	container.StartupProbe = &corev1.Probe{TerminationGracePeriodSeconds: &startup}
	return container
}

// newPod is a pod that is selected by service, as the API server sends it.
func newPod(grace int64, containers ...corev1.Container) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "web-", Labels: map[string]string{"app": "web", "tier": "front"}},
		Spec:       corev1.PodSpec{TerminationGracePeriodSeconds: &grace, Containers: containers},
	}
}

func owned(pod *corev1.Pod, by types.UID) *corev1.Pod {
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-1", UID: by, Controller: new(true)}}
	return pod
}

func annotated(pod *corev1.Pod, key, value string) *corev1.Pod {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[key] = value
	return pod
}

func TestDrainWindow(t *testing.T) {
	plain := corev1.Container{}
	job := func(pod *corev1.Pod) *corev1.Pod {
		pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: "web", Controller: new(true)}}
		return pod
	}
	host := func(pod *corev1.Pod) *corev1.Pod {
		pod.Spec.HostNetwork = true
		return pod
	}
	sidecar := func(pod *corev1.Pod) *corev1.Pod {
		pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
		return pod
	}
	const wrong = `metadata.annotations[tanist.dev/drain-window]: Invalid value: "soon": must be a duration such as 10s, from 0s to 10m; ` +
		`what the pod's Services ask for is used instead`
	elsewhere := service("web")
	elsewhere.Namespace = "other"

	cases := map[string]struct {
		services     fakeServices
		pod          *corev1.Pod
		want         windowed
		wantWarnings []string
	}{
		"a container without a hook": {
			pod: newPod(30, plain), want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"several containers without a hook": {
			pod: newPod(30, plain, draining(), plain), want: windowed{Sleeps: []int64{3, -1, 3}, Grace: 33, Applied: "3s"},
		},
		"a pod whose containers all have hooks": {
			pod: newPod(30, draining(), sleeping(1)), want: windowed{Sleeps: []int64{-1, 1}, Grace: 30},
		},
		"a grace period of zero": {
			pod: newPod(0, plain), want: windowed{Sleeps: []int64{3}, Grace: 3, Applied: "3s"},
		},
		"a missing grace period": {
			pod: func() *corev1.Pod {
				pod := newPod(0, plain)
				pod.Spec.TerminationGracePeriodSeconds = nil
				return pod
			}(),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"a negative grace period": {pod: newPod(-5, plain), want: windowed{Sleeps: []int64{3}, Grace: 4, Applied: "3s"}},
		"a container with another lifecycle hook": {
			pod:  newPod(30, corev1.Container{Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{}}}}),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"a sidecar": {pod: sidecar(newPod(30, plain)), want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"}},
		"a probe's own grace period": {
			pod: newPod(30, probed(plain, 2, 60)), want: windowed{Sleeps: []int64{3}, Probes: []int64{5, 63}, Grace: 33, Applied: "3s"},
		},
		"a probe's own grace period in a container with a hook": {
			pod:  newPod(30, plain, probed(draining(), 2, 60), probed(sleeping(1), 1, 1)),
			want: windowed{Sleeps: []int64{3, -1, 1}, Probes: []int64{2, 60, 1, 1}, Grace: 33, Applied: "3s"},
		},
		"a probe without a grace period": {
			pod:  newPod(30, corev1.Container{LivenessProbe: &corev1.Probe{}, ReadinessProbe: &corev1.Probe{}}),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"grace periods that the API refuses": {
			pod: newPod(30, probed(plain, 0, -1)), want: windowed{Sleeps: []int64{3}, Probes: []int64{0, -1}, Grace: 33, Applied: "3s"},
		},
		"the longest grace periods": {
			pod: newPod(math.MaxInt64, probed(plain, math.MaxInt64, math.MaxInt64-1)),
			want: windowed{
				Sleeps: []int64{3}, Probes: []int64{math.MaxInt64, math.MaxInt64}, Grace: math.MaxInt64, Applied: "3s",
			},
		},
		"a sidecar's probe": {
			pod: func() *corev1.Pod {
				pod := sidecar(newPod(30, plain))
				pod.Spec.InitContainers[0].LivenessProbe = &corev1.Probe{TerminationGracePeriodSeconds: new(int64(2))}
				return pod
			}(),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"a Service with a window": {
			services: fakeServices{service("web", "drain-window", "8s")},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{8}, Grace: 38, Applied: "8s"},
		},
		"several Services with windows": {
			services: fakeServices{service("a", "drain-window", "0s"), service("b", "drain-window", "20s"), service("c")},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{20}, Grace: 50, Applied: "20s"},
		},
		"a Service with a longer window than the tuning allows": {
			services: fakeServices{service("web", "drain-window", "1m")},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{30}, Grace: 60, Applied: "30s"},
		},
		"a pod with a longer window than the tuning allows Services": {
			pod:  annotated(newPod(30, plain), config.DrainWindowKey, "1m"),
			want: windowed{Sleeps: []int64{60}, Grace: 90, Applied: "1m0s"},
		},
		"other annotations that have no effect": {
			pod:  annotated(annotated(newPod(30, plain), config.PriorityKey, "high"), config.StrategyKey, "newest"),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
			wantWarnings: []string{
				`metadata.annotations[tanist.dev/priority]: Invalid value: "high": must be an integer from -2147483648 to 2147483647; ` +
					`the priority is 0 until then`,
				`metadata.annotations[tanist.dev/strategy]: Invalid value: "newest": belongs on the Service, not on its pods`,
			},
		},
		"a Service with a window of zero": {
			services: fakeServices{service("web", "drain-window", "0s")},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{0}, Grace: 30},
		},
		"a Service with a wrong window": {
			services: fakeServices{service("web", "drain-window", "soon")},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
		"a Service that does not opt in": {
			services: fakeServices{without(service("web"), config.EnabledKey)},
			pod:      newPod(30, plain), want: windowed{Sleeps: []int64{0}, Grace: 30},
		},
		"a pod with a window and no Service yet": {
			services: fakeServices{elsewhere},
			pod:      annotated(newPod(30, plain), config.DrainWindowKey, "20s"), want: windowed{Sleeps: []int64{20}, Grace: 50, Applied: "20s"},
		},
		"a pod with a wrong window and no Service yet": {
			services: fakeServices{elsewhere},
			pod:      annotated(newPod(30, plain), config.DrainWindowKey, "soon"),
			want:     windowed{Sleeps: []int64{0}, Grace: 30}, wantWarnings: []string{wrong},
		},
		"a Service in another namespace": {services: fakeServices{elsewhere}, pod: newPod(30, plain), want: windowed{Sleeps: []int64{0}, Grace: 30}},
		"a pod with a longer window than its Service": {
			pod: annotated(newPod(30, plain), config.DrainWindowKey, "20s"), want: windowed{Sleeps: []int64{20}, Grace: 50, Applied: "20s"},
		},
		"a pod with a window of zero": {
			pod: annotated(newPod(30, plain), config.DrainWindowKey, "0s"), want: windowed{Sleeps: []int64{0}, Grace: 30},
		},
		"a pod with a wrong window": {
			pod:  annotated(newPod(30, plain), config.DrainWindowKey, "soon"),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"}, wantWarnings: []string{wrong},
		},
		"a Job's pod":               {pod: job(newPod(30, plain)), want: windowed{Sleeps: []int64{0}, Grace: 30}},
		"a pod on the host network": {pod: host(newPod(30, plain)), want: windowed{Sleeps: []int64{0}, Grace: 30}},
		"a static pod": {
			pod: annotated(newPod(30, plain), corev1.MirrorPodAnnotationKey, "x"), want: windowed{Sleeps: []int64{0}, Grace: 30},
		},
		"a pod without containers": {pod: newPod(30), want: windowed{Grace: 30}},

		"annotations that leave no room for another": {
			pod:          annotated(newPod(30, plain), "example.com/a", strings.Repeat("x", 256<<10-len("example.com/a"))),
			want:         windowed{Sleeps: []int64{0}, Grace: 30},
			wantWarnings: []string{"tanist: no drain window, as the pod's annotations leave no room for one more"},
		},
		"a pod of a workload": {pod: owned(newPod(30, plain), "accepted"), want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"}},
		"a pod of a workload whose pods are refused with the window": {
			pod: owned(newPod(30, plain), refusedWorkload), want: windowed{Sleeps: []int64{0}, Grace: 30, Refused: "3s"},
			wantWarnings: []string{"tanist: pods of web-1 were refused with a drain window of 3s; this one is created without"},
		},
		"a second call for a pod of such a workload": {
			pod:  annotated(owned(newPod(30, plain), refusedWorkload), config.DrainWindowRefusedKey, "3s"),
			want: windowed{Sleeps: []int64{0}, Grace: 30, Refused: "3s"},
		},
		"a second call for a pod of such a workload that has the window": {
			pod:  annotated(owned(newPod(33, sleeping(3), plain), refusedWorkload), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3, 3}, Grace: 33, Applied: "3s"},
		},
		"a pod of such a workload whose containers all have hooks": {
			pod: owned(newPod(30, draining()), refusedWorkload), want: windowed{Sleeps: []int64{-1}, Grace: 30},
		},

		"a second call": {
			pod:  annotated(newPod(33, sleeping(3), draining()), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3, -1}, Grace: 33, Applied: "3s"},
		},
		"a second call with another container": {
			pod:  annotated(newPod(33, sleeping(3), plain), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3, 3}, Grace: 33, Applied: "3s"},
		},
		"a second call when the Services ask for another window": {
			pod:  annotated(newPod(35, sleeping(5), plain), config.DrainWindowAppliedKey, "5s"),
			want: windowed{Sleeps: []int64{5, 5}, Grace: 35, Applied: "5s"},
		},
		"a second call with a grace period shorter than the sleep": {
			pod:  annotated(newPod(2, sleeping(3)), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3}, Grace: 5, Applied: "3s"},
		},
		"a second call with a probe": {
			pod:  annotated(newPod(33, probed(sleeping(3), 5, 63)), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3}, Probes: []int64{5, 63}, Grace: 33, Applied: "3s"},
		},
		"a second call with a probe's grace period that the sleep uses up": {
			pod:  annotated(newPod(33, probed(sleeping(3), 3, 4)), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3}, Probes: []int64{6, 4}, Grace: 33, Applied: "3s"},
		},
		"a second call with another container that has a probe": {
			pod:  annotated(newPod(33, sleeping(3), probed(plain, 30, 2)), config.DrainWindowAppliedKey, "3s"),
			want: windowed{Sleeps: []int64{3, 3}, Probes: []int64{33, 5}, Grace: 33, Applied: "3s"},
		},
		"the annotation without the sleep": {
			pod:  annotated(newPod(30, plain, sleeping(7)), config.DrainWindowAppliedKey, "5s"),
			want: windowed{Sleeps: []int64{3, 7}, Grace: 33, Applied: "3s"},
		},
		"an annotation that is not a window": {
			pod:  annotated(newPod(30, plain), config.DrainWindowAppliedKey, "yes"),
			want: windowed{Sleeps: []int64{3}, Grace: 33, Applied: "3s"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if test.services == nil {
				test.services = fakeServices{service("web")}
			}
			s := newServer(t, test.services)
			object := raw(t, test.pod)
			response := s.ask(config.PathPods, admissionv1.AdmissionRequest{Operation: admissionv1.Create, Namespace: "shop", Object: object})
			if !response.Allowed {
				t.Fatalf("refused: %+v", response.Result)
			}
			if diff := cmp.Diff(test.wantWarnings, response.Warnings); diff != "" {
				t.Errorf("unexpected warnings (-want +got):\n%s", diff)
			}
			patched := object.Raw
			if len(response.Patch) > 0 {
				patched = apply(t, object.Raw, response.Patch)
			}
			pod, err := decode[corev1.Pod](runtime.RawExtension{Raw: patched})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, windowedOf(pod)); diff != "" {
				t.Errorf("unexpected pod (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.pod.Spec.InitContainers, pod.Spec.InitContainers); diff != "" {
				t.Errorf("unexpected init containers (-want +got):\n%s", diff)
			}
			if got := s.failures(hookDrainWindow); got != 0 {
				t.Errorf("%v failures are counted", got)
			}
		})
	}
}

func TestOnlyNewPodsGetADrainWindow(t *testing.T) {
	s := newServer(t, fakeServices{service("web")})
	object := raw(t, newPod(30, corev1.Container{}))
	for name, request := range map[string]admissionv1.AdmissionRequest{
		"an update":     {Operation: admissionv1.Update, Object: object, OldObject: object},
		"a subresource": {Operation: admissionv1.Create, SubResource: "exec", Object: object},
	} {
		request.Namespace = "shop"
		if response := s.ask(config.PathPods, request); !response.Allowed || len(response.Patch) > 0 {
			t.Errorf("%s: got %+v", name, response)
		}
	}
}

func apply(t testing.TB, document, patch []byte) []byte {
	t.Helper()
	decoded, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatal(err)
	}
	patched, err := decoded.Apply(document)
	if err != nil {
		t.Fatalf("failed to apply %s: %v", patch, err)
	}
	return patched
}

// BenchmarkDrainWindow measures the handler with a pod of 20 KB that one Service selects.
func BenchmarkDrainWindow(b *testing.B) {
	pod := newPod(30, corev1.Container{Name: "main"}, corev1.Container{Name: "other"})
	for i := 0; len(encode(b, pod)) < 20_000; i++ {
		env := corev1.EnvVar{Name: fmt.Sprintf("VARIABLE_%d", i), Value: strings.Repeat("x", 60)}
		pod.Spec.Containers[i%2].Env = append(pod.Spec.Containers[i%2].Env, env)
	}
	hook := drainWindow{services: fakeServices{service("web")}, windows: fakeServices{}, tuning: config.NewStore()}
	request := ctrlwebhook.AdmissionRequest{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: admissionv1.Create, Namespace: "shop", Object: raw(b, pod),
	}}
	b.ReportAllocs()
	for b.Loop() {
		response, err := hook.handle(b.Context(), request)
		if err != nil {
			b.Fatal(err)
		}
		if len(response.Patches) != 4 {
			b.Fatalf("got %d operations", len(response.Patches))
		}
		if _, err := json.Marshal(response.Patches); err != nil {
			b.Fatal(err)
		}
	}
}
