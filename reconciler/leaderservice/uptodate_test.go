package leaderservice

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestUpToDate(t *testing.T) {
	state := leaderslice.State{Term: 6, Reason: "NoCandidate"}
	for name, test := range map[string]struct {
		change func(source, leaderService *corev1.Service)
		state  leaderslice.State
		want   bool
	}{
		"nothing is left to be written":    {want: true},
		"nothing but what others have set": {change: func(_, l *corev1.Service) { l.Labels["team"] = "a" }, want: true},
		"the source asks for another type": {change: func(s, _ *corev1.Service) { s.Annotations[config.LeaderServiceTypeKey] = "NodePort" }},
		"the source has another port":      {change: func(s, _ *corev1.Service) { s.Spec.Ports[0].Port = 99 }},
		"the source asks to copy a label": {change: func(s, _ *corev1.Service) {
			s.Labels, s.Annotations[config.CopyLabelsKey] = map[string]string{"a": "b"}, "a"
		}},
		"a label of Tanist's has been removed":  {change: func(_, l *corev1.Service) { delete(l.Labels, config.ManagedByKey) }},
		"the slices say that another pod leads": {state: state},
	} {
		t.Run(name, func(t *testing.T) {
			source := gen.WebService()
			empty := &corev1.Service{}
			empty.Namespace, empty.Name = source.Namespace, "web-leader"
			in := input{source: source, options: config.DefaultOptions(source.Name), installation: "tanist-system"}
			leaderService := in.desired(empty, "")
			leaderService.UID = "leader"
			if test.change != nil {
				test.change(source, leaderService)
			}
			if got := UpToDate(leaderService, source, test.state); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
