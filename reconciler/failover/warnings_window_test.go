package failover

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestALeaderWithoutDrainWindow(t *testing.T) {
	const (
		costs  = "pod a1 leads and has no drain window, so deleting it plainly costs requests: "
		remake = costs + "it was created before the window applied; delete it only after another pod has led for a few seconds " +
			"(kubectl tanist handover), or leave it to the next rollout"
	)
	window := func(value string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.DrainWindowKey: value} }
	}
	hook := func(handler corev1.LifecycleHandler) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle = gen.PreStop(handler) }
	}
	disrupted := func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
	}
	none := func(s *input) { s.tuning.Election.DrainWindow = metav1.Duration{} }
	cases := map[string]struct {
		leader  func(*corev1.Pod)
		changes []func(*input)
		want    []string
	}{
		"one that was there before": {want: []string{remake}},
		"one that sleeps":           {leader: hook(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})},
		"one with a hook of its own": {
			leader: hook(corev1.LifecycleHandler{Exec: &corev1.ExecAction{}}),
		},
		"one of a Service that asks for none":    {changes: []func(*input){none}},
		"one that asks for one by itself":        {leader: window("2s"), changes: []func(*input){none}, want: []string{remake}},
		"one that opted out":                     {leader: window("0s")},
		"one that is deleted already":            {leader: gen.Terminating},
		"one that is announced to go":            {leader: disrupted},
		"one that the network of its node binds": {leader: func(pod *corev1.Pod) { pod.Spec.HostNetwork = true }, want: []string{costs + "it uses the network of its node"}},
		"no leader":                              {leader: gen.NotReady},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1")
			if test.leader != nil {
				test.leader(pod)
			}
			s := inputOf(leading("a1", 5), []*corev1.Pod{store.TrimPod(pod)}, test.changes...)
			var got []string
			for _, c := range withoutDrainWindow(s, decide(s, gen.T0).decision) {
				if c.Reason != notify.ReasonNoDrainWindow || c.Object != s.source || c.Related.GetName() != "a1" {
					t.Errorf("got %+v", c)
				}
				got = append(got, c.Note)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected complaints (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALeaderWithoutDrainWindowIsToldOnce(t *testing.T) {
	st := elected(t)
	recorder := events.NewFakeRecorder(10)
	st.recorder = recorder
	for range 3 {
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(recorder.Events); got != 1 {
		t.Fatalf("got %d Events, want 1", got)
	}
	if got := <-recorder.Events; !strings.HasPrefix(got, "Normal NoDrainWindow pod a1 leads") {
		t.Errorf("got %q", got)
	}
}

func TestAPodsWrongDrainWindowIsReported(t *testing.T) {
	pod := gen.ReadyPod("a1", func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{config.DrainWindowKey: "soon"}
		pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	})
	s := inputOf(leading("a1", 5), []*corev1.Pod{pod})
	all := warnings(s, decide(s, gen.T0))
	if len(all) != 1 {
		t.Fatalf("got %d complaints, want 1: %v", len(all), all)
	}
	const want = `metadata.annotations[tanist.dev/drain-window]: Invalid value: "soon": must be a duration such as 10s, from 0s to 10m; ` +
		`what the pod's Services ask for was used when it was created`
	if got := all[0]; got.Object != pod || got.Reason != notify.ReasonInvalidAnnotation || got.Expected || got.Note != want {
		t.Errorf("got %+v", got)
	}
}
