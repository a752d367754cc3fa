package config

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDrainWindowOf(t *testing.T) {
	type container = corev1.Container
	ports := []corev1.ContainerPort{{ContainerPort: 80}}
	hook := func(handler corev1.LifecycleHandler) *corev1.Lifecycle { return &corev1.Lifecycle{PreStop: &handler} }
	sleep := func(n int64) *corev1.Lifecycle {
		return hook(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: n}})
	}
	exec := hook(corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"drain"}}})
	get := hook(corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/drain"}})
	always := new(corev1.ContainerRestartPolicyAlways)

	cases := map[string]struct {
		spec        corev1.PodSpec
		want        time.Duration
		wantOwnHook bool
	}{
		"a pod without containers":   {},
		"a container without a hook": {spec: corev1.PodSpec{Containers: []container{{}}}},
		"a container with other hooks": {
			spec: corev1.PodSpec{Containers: []container{{Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{}}}}},
		},
		"a sleep": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(3)}}}, want: 3 * time.Second},
		"the shortest sleep": {
			spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(5)}, {Lifecycle: sleep(2)}}}, want: 2 * time.Second,
		},
		"a sleep of zero is none": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(0)}, {Lifecycle: sleep(2)}}}},
		"a container without a hook ends the window": {
			spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(5)}, {}}},
		},
		"also beside a command": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: exec}, {}}}},
		"a container without ports does not matter beside one that has some": {
			spec: corev1.PodSpec{Containers: []container{{}, {Ports: ports, Lifecycle: sleep(5)}}}, want: 5 * time.Second,
		},
		"nor does its sleep": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(5)}, {Ports: ports}}}},
		"sidecars do not matter": {
			spec: corev1.PodSpec{
				InitContainers: []container{{RestartPolicy: always, Ports: ports}}, Containers: []container{{Lifecycle: sleep(5)}},
			},
			want: 5 * time.Second,
		},
		"a command": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: exec}}}, wantOwnHook: true},
		"a request": {spec: corev1.PodSpec{Containers: []container{{Lifecycle: get}}}, wantOwnHook: true},
		"a command beside a sleep": {
			spec: corev1.PodSpec{Containers: []container{{Lifecycle: exec}, {Lifecycle: sleep(3)}}}, want: 3 * time.Second, wantOwnHook: true,
		},
		"a sleep without end": {
			spec: corev1.PodSpec{Containers: []container{{Lifecycle: sleep(math.MaxInt64 - 1)}}}, want: math.MaxInt64,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, ownHook := DrainWindowOf(&test.spec)
			if got != test.want || ownHook != test.wantOwnHook {
				t.Errorf("got %s and own hook %t, want %s and %t", got, ownHook, test.want, test.wantOwnHook)
			}
		})
	}
}

func TestPodWindowFor(t *testing.T) {
	annotated := func(window string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Annotations: map[string]string{DrainWindowKey: window}}
	}
	owned := func(kind string, controller bool) metav1.ObjectMeta {
		return metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: kind, Controller: &controller}}}
	}
	with := func(meta metav1.ObjectMeta, window string) metav1.ObjectMeta {
		meta.Annotations = map[string]string{DrainWindowKey: window}
		return meta
	}
	const (
		static  = "it is a static pod: its node reads it from a file"
		job     = "it belongs to a Job"
		host    = "it uses the network of its node"
		refused = "pods of its workload were refused with a window, probably because a policy limits terminationGracePeriodSeconds: " +
			"make that 3s shorter in the pod template, or annotate the template with tanist.dev/drain-window: 0s"
		wrong = `metadata.annotations[tanist.dev/drain-window]: Invalid value: "soon": must be a duration such as 10s, from 0s to 10m`
	)
	type result struct {
		Window    time.Duration
		LeftAlone string
		Wrong     string
	}
	const three = 3 * time.Second
	cases := map[string]struct {
		meta     metav1.ObjectMeta
		host     bool
		services time.Duration
		want     result
	}{
		"Services decide":                           {services: three, want: result{Window: three}},
		"Services that ask for none":                {},
		"a pod that asks for a longer one":          {meta: annotated("8s"), services: three, want: result{Window: 8 * time.Second}},
		"a pod that asks where its Services do not": {meta: annotated("8s"), want: result{Window: 8 * time.Second}},
		"a pod that asks for the longest":           {meta: annotated("10m"), want: result{Window: 10 * time.Minute}},
		"a pod that asks for a longer one yet": {
			meta: annotated("601s"), services: three,
			want: result{Window: three, Wrong: `metadata.annotations[tanist.dev/drain-window]: Invalid value: "601s": must be from 0s to 10m`},
		},
		"a pod that opts out":                    {meta: annotated("0s"), services: three},
		"a wrong annotation counts as missing":   {meta: annotated("soon"), services: three, want: result{Window: three, Wrong: wrong}},
		"and is told where nothing is asked for": {meta: annotated("soon"), want: result{Wrong: wrong}},
		"a part of a second cannot be slept": {
			meta: annotated("1500ms"),
			want: result{Wrong: `metadata.annotations[tanist.dev/drain-window]: Invalid value: "1500ms": ` +
				`must be in whole seconds, as a container's preStop sleep is`},
		},

		"a pod that was refused with one": {
			meta:     metav1.ObjectMeta{Annotations: map[string]string{DrainWindowRefusedKey: "3s", DrainWindowKey: "3s"}},
			services: three, want: result{LeftAlone: refused},
		},

		"a Job's pod":      {meta: owned("Job", true), services: three, want: result{LeftAlone: job}},
		"one that asks":    {meta: with(owned("Job", true), "2s"), services: three, want: result{Window: 2 * time.Second}},
		"one that errs":    {meta: with(owned("Job", true), "soon"), services: three, want: result{LeftAlone: job, Wrong: wrong}},
		"not a controller": {meta: owned("Job", false), services: three, want: result{Window: three}},
		"a ReplicaSet":     {meta: owned("ReplicaSet", true), services: three, want: result{Window: three}},

		"a pod on its node's network":                 {host: true, services: three, want: result{LeftAlone: host}},
		"a pod on its node's network that asks":       {host: true, meta: annotated("2s"), want: result{Window: 2 * time.Second}},
		"nothing asked for leaves nothing to explain": {host: true},

		"a static pod, by its owner": {meta: owned("Node", true), services: three, want: result{LeftAlone: static}},
		"a static pod that asks":     {meta: with(owned("Node", true), "2s"), want: result{LeftAlone: static}},
		"a static pod, by its annotation": {
			meta:     metav1.ObjectMeta{Annotations: map[string]string{corev1.MirrorPodAnnotationKey: ""}},
			services: three, want: result{LeftAlone: static},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := PodWindowFor(&corev1.Pod{ObjectMeta: test.meta, Spec: corev1.PodSpec{HostNetwork: test.host}}, test.services)
			got := result{Window: pod.Window, LeftAlone: pod.LeftAlone}
			if pod.Wrong != nil {
				got.Wrong = pod.Wrong.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected window (-want +got):\n%s", diff)
			}
		})
	}
}
