//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// apply runs the real kubectl apply in the namespace.
func (s *testNamespace) apply(manifest string, flags ...string) (output string, err error) {
	s.t.Helper()
	config := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(config, kubeconfig, 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"),
		append([]string{"--kubeconfig", config, "--namespace", s.namespace, "apply", "--filename", "-"}, flags...)...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(manifest), &out, &out
	err = cmd.Run()
	return strings.TrimSpace(out.String()), err
}

// TestAPodIsAppliedAgain applies manifests that name fields which the drain window has changed. The API server accepts them, and nothing is
// written.
func TestAPodIsAppliedAgain(t *testing.T) {
	_, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader")
	const (
		unchanged  = "unchanged"
		configured = "configured" // kubectl asks for the manifest's value again
		mainly     = `containers: [{name: main, image: none}]`
	)
	cases := map[string]struct{ spec, want string }{
		"the manifest names no changed field":               {mainly, unchanged},
		"the manifest names a grace period":                 {`terminationGracePeriodSeconds: 30, ` + mainly, configured},
		"the manifest removes the grace period":             {`terminationGracePeriodSeconds: null, ` + mainly, configured},
		"the manifest names an empty lifecycle":             {`containers: [{name: main, image: none, lifecycle: {}}]`, unchanged},
		"the manifest names another hook":                   {`containers: [{name: main, image: none, lifecycle: {postStart: {sleep: {seconds: 1}}}}]`, unchanged},
		"the manifest names a preStop hook":                 {`terminationGracePeriodSeconds: 30, containers: [{name: main, image: none, lifecycle: {preStop: {sleep: {seconds: 1}}}}]`, unchanged},
		"the manifest names a probe with a grace period":    {`containers: [{name: main, image: none, livenessProbe: {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 2}}]`, configured},
		"the manifest names a probe without a grace period": {`containers: [{name: main, image: none, livenessProbe: {tcpSocket: {port: 80}}}]`, unchanged},
		"the manifest names several containers": {`terminationGracePeriodSeconds: 30, containers: [{name: main, image: none,
			startupProbe: {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 9}}, {name: other, image: none}]`, configured},
	}
	n := 0
	for name, test := range cases {
		for _, mode := range []string{"--server-side=false", "--server-side=true"} {
			n++
			pod, manifest := fmt.Sprint("pod-", n), fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: pod-%d, labels: {app: web}}, spec: {%s}}", n, test.spec)
			if out, err := s.apply(manifest, mode); err != nil {
				t.Fatalf("%s: refused at first: %s", name, out)
			}
			before := s.podAsItIs(pod)
			out, err := s.apply(manifest, mode)
			want := "pod/" + pod + " " + test.want
			if mode == "--server-side=true" {
				want = "pod/" + pod + " serverside-applied"
			}
			if err != nil || out != want {
				t.Errorf("%s, %s: got %s: %v", name, mode, out, err)
			}
			if diff := cmp.Diff(before.Spec, s.podAsItIs(pod).Spec); diff != "" {
				t.Errorf("%s, %s: the pod was changed (-before +after):\n%s", name, mode, diff)
			}
		}
	}
	t.Run("another grace period is the user's mistake", func(t *testing.T) {
		s.withPod("web", "bare")
		if out, err := s.apply(`{apiVersion: v1, kind: Pod, metadata: {name: bare}, spec: {terminationGracePeriodSeconds: 5, ` + mainly + `}}`); err == nil ||
			!strings.Contains(out, "pod updates may not change fields") {
			t.Errorf("got %s: %v", out, err)
		}
	})
	t.Run("another image is taken", func(t *testing.T) {
		manifest := "{apiVersion: v1, kind: Pod, metadata: {name: pod-image, labels: {app: web}}, spec: " +
			"{terminationGracePeriodSeconds: 30, containers: [{name: main, image: %s}]}}"
		for _, image := range []string{"first", "second"} {
			if out, err := s.apply(fmt.Sprintf(manifest, image)); err != nil {
				t.Fatalf("%s is refused: %s", image, out)
			}
		}
		got := s.podAsItIs("pod-image")
		if diff := cmp.Diff(window{Sleep: 3, Grace: 33, Noted: "3s"}, windowOf(got)); diff != "" || got.Spec.Containers[0].Image != "second" {
			t.Errorf("got image %s, and the window (-want +got):\n%s", got.Spec.Containers[0].Image, diff)
		}
	})
	if got := r.counter("tanist_admission_failures_total", "webhook=drainwindow"); got != 0 {
		t.Errorf("%v failures", got)
	}
}

func (s *testNamespace) podAsItIs(name string) *corev1.Pod {
	s.t.Helper()
	pod, err := clientset.CoreV1().Pods(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return pod
}
