package handover

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// ready is a Service with the leader a and the successor b.
func ready() *snapshot {
	return &snapshot{
		source: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{config.EnabledKey: "true"}},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}},
		},
		namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}},
		leaderService: &corev1.Service{ObjectMeta: metav1.ObjectMeta{
			Annotations: map[string]string{config.TermKey: "3", config.SuccessorKey: "b"},
		}},
		leadership: status.Leadership{Leader: &status.Pod{Name: "a", Ready: true}, Term: 3},
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestTarget(t *testing.T) {
	cases := map[string]struct {
		change  func(*snapshot)
		to      string
		want    string
		wantErr string
	}{
		"the successor":               {want: "b"},
		"the pod that was named":      {to: "c", want: "c"},
		"nobody leads":                {change: func(s *snapshot) { s.leadership.Leader = nil }, to: "c", wantErr: "nobody leads"},
		"nobody can follow":           {change: func(s *snapshot) { delete(s.leaderService.Annotations, config.SuccessorKey) }, wantErr: "nobody can follow a"},
		"who follows is not said yet": {change: func(s *snapshot) { s.leadership.Term = 4 }, wantErr: "the successor is not published yet"},
		"then a name is needed":       {change: func(s *snapshot) { s.leadership.Term = 4 }, to: "c", want: "c"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := ready()
			if test.change != nil {
				test.change(s)
			}
			got, err := s.target(test.to)
			if got != test.want || !strings.HasPrefix(textOf(err), test.wantErr) || (err == nil) != (test.wantErr == "") {
				t.Errorf("got %q and %v, want %q and %q", got, err, test.want, test.wantErr)
			}
		})
	}
}

func TestOtherPreference(t *testing.T) {
	cases := map[string]struct {
		preferred string
		keep      bool
		want      string
	}{
		"nobody is preferred":          {},
		"the pod itself is preferred":  {preferred: "b"},
		"another is preferred":         {preferred: "a", want: "the Service prefers pod a (tanist.dev/preferred-leader), which would take over again immediately: prefer the other one for good: kubectl tanist handover web -n shop --to b --keep"},
		"another was preferred so far": {preferred: "a", keep: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := ready()
			s.options.PreferredLeader = test.preferred
			if got := textOf(s.checkPreference("b", test.keep)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCheckPod(t *testing.T) {
	able := func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "b", Labels: map[string]string{"app": "web"}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		}
	}
	cases := map[string]struct {
		change func(*corev1.Pod)
		want   string
	}{
		"it can lead":         {change: func(*corev1.Pod) {}},
		"it is not selected":  {change: func(p *corev1.Pod) { p.Labels = nil }, want: "pod b is not selected by Service web (app=web)"},
		"it is being deleted": {change: func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }, want: "pod b is being deleted"},
		"it is not ready":     {change: func(p *corev1.Pod) { p.Status.Conditions = nil }, want: "pod b is not ready"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := ready()
			s.pod = able()
			test.change(s.pod)
			if got := textOf(s.checkPod()); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if err := ready().checkPod(); err != nil {
		t.Errorf("a pod that may not be read is refused: %v", err)
	}
}
